/// A question that costs something and that many may ask at once: whoever asks while it is being answered shares that
/// answer.
actor SharedAnswer<Answer: Sendable> {
  private let ask: @Sendable () async -> Answer
  private var underWay: Task<Answer, Never>?

  init(_ ask: @escaping @Sendable () async -> Answer) { self.ask = ask }

  func value() async -> Answer {
    if let underWay { return await underWay.value }
    let asking = Task { await ask() }
    underWay = asking
    defer { underWay = nil }
    return await asking.value
  }
}
