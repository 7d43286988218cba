import Testing

/// Expects that a condition becomes true within 30 seconds.
func expectEventually(
  sourceLocation: SourceLocation = #_sourceLocation, _ condition: () async throws -> Bool
) async throws {
  let deadline = ContinuousClock.now + .seconds(30)
  var holds = try await condition()
  while !holds, ContinuousClock.now < deadline {
    try await Task.sleep(for: .milliseconds(10))
    holds = try await condition()
  }
  #expect(holds, "not within 30 seconds", sourceLocation: sourceLocation)
}
