/// A costly question that many may ask at once: callers that arrive while it is being answered share the answer.
actor SharedAnswer<Answer: Sendable> {
  private let ask: @Sendable () async -> Answer
  private var asking: Task<Answer, Never>?

  init(_ ask: @escaping @Sendable () async -> Answer) { self.ask = ask }

  func value() async -> Answer {
    if let asking { return await asking.value }
    let task = Task { await ask() }
    asking = task
    defer { asking = nil }
    return await task.value
  }
}
