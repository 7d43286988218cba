/// The values of the gauges at a scrape. The server collects them; nothing is kept.
public struct Gauges: Sendable {
  /// Connections to the database that are established.
  public var poolConnectionsOpen: Int
  /// Those that are idle.
  public var poolConnectionsIdle: Int
  /// Those in use.
  public var poolConnectionsLeased: Int
  /// Callers that wait for a connection to the database.
  public var poolQueueLength: Int
  /// Requests accepted and not answered yet.
  public var requestsInFlight: Int
  /// Open connections of clients.
  public var connectionsOpen: Int
  /// Bytes of request bodies and answers that wait in memory.
  public var bytesWaiting: Int
  /// Purges with rows left to erase; nil if unknown, and the metric is left out.
  public var purgesWaiting: Int?
  /// Days until the certificate expires, negative afterwards; nil if unknown, and the metric is left out.
  public var certificateExpiresInDays: Double?
  /// Memory the process holds, in bytes.
  public var residentBytes: Int

  /// Creates a reading; each parameter is the property of its name.
  public init(
    poolConnectionsOpen: Int, poolConnectionsIdle: Int, poolConnectionsLeased: Int, poolQueueLength: Int,
    requestsInFlight: Int, connectionsOpen: Int, bytesWaiting: Int, purgesWaiting: Int? = nil,
    certificateExpiresInDays: Double? = nil, residentBytes: Int
  ) {
    self.poolConnectionsOpen = poolConnectionsOpen
    self.poolConnectionsIdle = poolConnectionsIdle
    self.poolConnectionsLeased = poolConnectionsLeased
    self.poolQueueLength = poolQueueLength
    self.requestsInFlight = requestsInFlight
    self.connectionsOpen = connectionsOpen
    self.bytesWaiting = bytesWaiting
    self.purgesWaiting = purgesWaiting
    self.certificateExpiresInDays = certificateExpiresInDays
    self.residentBytes = residentBytes
  }
}
