import TestRandom
import Testing

@testable import HTTPServer

@Suite("How a body flows to its reader")
struct BodyFlowTests {
  @Test("Nothing is read of a body before it is asked for")
  func notAskedFor() {
    let flow = Flow()
    #expect(flow.begin())
    #expect(!flow.resumeIfPossible())
    flow.asked()
    #expect(flow.delivery() == nil)
    #expect(flow.resumeIfPossible())
    #expect(!flow.resumeIfPossible())
  }

  @Test("An answer without the body resumes the connection, and what arrives is discarded")
  func answeredWithoutBody() {
    let flow = Flow()
    _ = flow.begin()
    flow.answered()
    #expect(flow.resumeIfPossible())
    #expect(!flow.arrived(1 << 30))
    #expect(flow.unread == 0)
    #expect(!flow.finished())
  }

  @Test("More unread than may be suspends the connection once, until it has been read")
  func backPressure() {
    let flow = Flow()
    _ = flow.begin()
    flow.asked()
    _ = flow.resumeIfPossible()
    #expect(!flow.arrived(BodyFlow.worthReading))
    #expect(flow.delivery() == .bytes)
    #expect(!flow.arrived(BodyFlow.mostUnread))
    #expect(flow.arrived(1))
    #expect(!flow.arrived(1), "it is suspended already")
    #expect(!flow.resumeIfPossible())
    flow.asked()
    #expect(flow.delivery() == .bytes)
    #expect(flow.unread == 0)
    #expect(flow.resumeIfPossible())
  }

  @Test("A reader is called when it is worth it, or at the end")
  func worthReading() {
    let flow = Flow()
    _ = flow.begin()
    flow.asked()
    _ = flow.resumeIfPossible()
    _ = flow.arrived(BodyFlow.worthReading - 1)
    #expect(flow.delivery() == nil)
    #expect(flow.finished(), "nobody has answered yet")
    #expect(flow.delivery() == .bytes)
    flow.asked()
    #expect(flow.delivery() == .end)
    #expect(!flow.resumeIfPossible())
    flow.answered()
    #expect(flow.resumeIfPossible())
  }

  @Test(
    "A failure comes before what is unread, and stays",
    arguments: [BodyFlow.Failure.disconnected, .tooLarge, .cancelled])
  func failures(failure: BodyFlow.Failure) {
    let flow = Flow()
    _ = flow.begin()
    flow.asked()
    _ = flow.resumeIfPossible()
    _ = flow.arrived(100)
    flow.failed(failure)
    #expect(flow.delivery() == .failure(failure))
    flow.failed(.cancelled)
    _ = flow.arrived(1 << 20)
    flow.asked()
    #expect(flow.delivery() == .failure(failure))
    #expect(!flow.isSuspended)
  }

  @Test(
    "A whole body suspends the connection until the answer, also after a failure",
    arguments: [BodyFlow.Failure.tooLarge, .cancelled])
  func wholeAfterFailure(failure: BodyFlow.Failure) {
    let flow = Flow()
    _ = flow.begin()
    flow.asked()
    _ = flow.resumeIfPossible()
    flow.failed(failure)
    #expect(flow.finished())
    #expect(flow.delivery() == .failure(failure))
    #expect(!flow.resumeIfPossible())
    flow.answered()
    #expect(flow.resumeIfPossible())
  }

  @Test("Whatever happens in whatever order, it is never stuck: a connection is suspended for a reason alone")
  func randomWalks() {
    var random = SeededRandom(seed: 53)
    for _ in 0..<3000 {
      let flow = Flow()
      var isSuspended = flow.begin()
      var isWaiting = false
      var isFinished = false
      for _ in 0..<40 {
        switch Int.random(in: 0...5, using: &random) {
        case 0 where !isSuspended && !isFinished:
          if flow.arrived(Int.random(in: 1...100_000, using: &random)) { isSuspended = true }
        case 1 where !isWaiting && !flow.isAnswered:
          flow.asked()
          isWaiting = true
        case 2 where !isSuspended && flow.isWanted && Int.random(in: 0...5, using: &random) == 0:
          isFinished = true
          if flow.finished() { isSuspended = true }
          #expect(isSuspended || flow.isAnswered)
        case 3 where !isWaiting && Int.random(in: 0...9, using: &random) == 0: flow.answered()
        case 4 where Int.random(in: 0...19, using: &random) == 0: flow.failed(.cancelled)
        default: break
        }
        if flow.delivery() != nil { isWaiting = false }
        if flow.resumeIfPossible() { isSuspended = false }
        #expect(flow.isSuspended == isSuspended)
        #expect(flow.unread <= BodyFlow.mostUnread + 100_000)
        if flow.isAnswered { #expect(!isSuspended) }
        // A reader that waits and a connection that is not read would wait for each other.
        #expect(!(isWaiting && isSuspended))
      }
    }
  }
}

/// A flow that macros may change.
private final class Flow {
  private var flow = BodyFlow()

  var unread: Int { flow.unread }
  var isSuspended: Bool { flow.isSuspended }
  var isWanted: Bool { flow.isWanted }
  var isAnswered: Bool { flow.isAnswered }

  func begin() -> Bool { flow.begin() }
  func arrived(_ count: Int) -> Bool { flow.arrived(count) }
  func finished() -> Bool { flow.finished() }
  func failed(_ failure: BodyFlow.Failure) { flow.failed(failure) }
  func asked() { flow.asked() }
  func answered() { flow.answered() }
  func delivery() -> BodyFlow.Delivery? { flow.delivery() }
  func resumeIfPossible() -> Bool { flow.resumeIfPossible() }
}
