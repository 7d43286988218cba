import HTTPServer

/// An answer that is written piece by piece, so that it takes little memory whatever its length.
protocol LongAnswer: Sendable {
  /// The next piece, of about ``pieceBytes``.
  mutating func piece() async throws -> [UInt8]

  /// Whether the last piece has been written.
  var isWhole: Bool { get }
}

/// About how many bytes a piece has.
let pieceBytes = 65_536

extension Response {
  /// The answer to a long question: as a whole if it is short; otherwise what follows the first piece is made while that is
  /// sent. So what can be refused is refused before anything is sent.
  static func json(_ answer: some LongAnswer) async throws -> Response {
    var answer = answer
    var response = Response(
      status: 200, headers: [("Content-Type", "application/json")], body: try await answer.piece())
    guard !answer.isWhole else { return response }
    let state = LongAnswerState(answer)
    response.rest = { try await state.next() }
    return response
  }
}

/// Has one caller at a time.
private actor LongAnswerState<Answer: LongAnswer> {
  private var answer: Answer

  init(_ answer: Answer) { self.answer = answer }

  func next() async throws -> [UInt8]? {
    guard !answer.isWhole else { return nil }
    var next = answer
    defer { answer = next }
    return try await next.piece()
  }
}
