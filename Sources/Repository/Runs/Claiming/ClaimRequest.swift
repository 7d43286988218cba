/// What one collector asks for with Claim Job Runs.
public struct ClaimRequest: Sendable, Equatable {
  /// The most runs, 1 to 100.
  public var count: Int
  /// The name of the collector's user.
  public var collector: String
  /// How long its leases last, in seconds, from 1.
  public var leaseSeconds: Int
  /// A run that was claimed this often is not claimed again.
  public var maximumAttempts: Int

  public init(count: Int, collector: String, leaseSeconds: Int, maximumAttempts: Int) {
    self.count = count
    self.collector = collector
    self.leaseSeconds = leaseSeconds
    self.maximumAttempts = maximumAttempts
  }
}
