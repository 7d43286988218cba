/// The cost of a password's hash (RFC 7914, section 2). Memory is 128 · r · 2^logN bytes.
public struct ScryptParameters: Sendable, Equatable {
  /// The binary logarithm of N, 10 to 20.
  public let logN: Int
  /// The block size, 1 to 32.
  public let r: Int
  /// The parallelisation, 1 to 16.
  public let p: Int

  public init(logN: Int, r: Int, p: Int) {
    self.logN = logN
    self.r = r
    self.p = p
  }

  /// True if no part of the cost is lower than the other's.
  func isAtLeast(_ other: ScryptParameters) -> Bool {
    logN >= other.logN && r >= other.r && p >= other.p
  }
}
