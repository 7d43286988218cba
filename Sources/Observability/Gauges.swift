/// What goes up and down, as it stands at the moment of a scrape. The server collects it; nothing here is kept.
public struct Gauges: Sendable {
  /// Connections to the database that are established.
  public var poolConnectionsOpen: Int
  /// Those of them that nobody uses.
  public var poolConnectionsIdle: Int
  /// Those of them that somebody uses.
  public var poolConnectionsLeased: Int
  /// Callers that wait for a connection to the database.
  public var poolQueueLength: Int
  /// Requests taken and not answered yet.
  public var requestsInFlight: Int
  /// Connections of clients.
  public var connectionsOpen: Int
  /// Purges whose rows are not all erased; nil if it could not be found out, and the metric is left out.
  public var purgesWaiting: Int?
  /// Days until the certificate expires, below zero afterwards; nil if unknown, and the metric is left out.
  public var certificateExpiresInDays: Double?
  /// Memory the process holds, in bytes.
  public var residentBytes: Int

  /// Creates a reading; each parameter is the property of its name.
  public init(
    poolConnectionsOpen: Int, poolConnectionsIdle: Int, poolConnectionsLeased: Int, poolQueueLength: Int,
    requestsInFlight: Int, connectionsOpen: Int, purgesWaiting: Int? = nil,
    certificateExpiresInDays: Double? = nil, residentBytes: Int
  ) {
    self.poolConnectionsOpen = poolConnectionsOpen
    self.poolConnectionsIdle = poolConnectionsIdle
    self.poolConnectionsLeased = poolConnectionsLeased
    self.poolQueueLength = poolQueueLength
    self.requestsInFlight = requestsInFlight
    self.connectionsOpen = connectionsOpen
    self.purgesWaiting = purgesWaiting
    self.certificateExpiresInDays = certificateExpiresInDays
    self.residentBytes = residentBytes
  }
}
