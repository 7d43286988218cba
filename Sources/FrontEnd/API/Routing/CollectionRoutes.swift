extension RoutingTable {
  /// What collectors call.
  static func routes(collection: CollectionHandlers, bodyLimit: Int) -> [Route] {
    [
      Route(
        "POST", "\(base)/jobruns/claim", operation: "Claim Job Runs", bodyLimit: bodyLimit,
        access: .tokenHolder(collection.claim), longestWait: CollectionHandlers.longestWait),
      Route(
        "POST", "\(base)/jobruns/{JobRunID}/heartbeat", operation: "Report Job Run", bodyLimit: bodyLimit,
        access: .tokenHolder(collection.heartbeat)),
      Route(
        "POST", "\(base)/jobruns/{JobRunID}/complete", operation: "Report Job Run", bodyLimit: bodyLimit,
        access: .tokenHolder(collection.complete)),
      Route(
        "POST", "\(base)/jobruns/{JobRunID}/fail", operation: "Report Job Run", bodyLimit: bodyLimit,
        access: .tokenHolder(collection.fail)),
    ]
  }
}
