import Testing

@testable import Observability

@Suite("The log's backlog")
struct BacklogTests {
  @Test("Only one line a second may wait for room, whichever way the clock is set meanwhile")
  func waits() {
    var backlog = Backlog()
    let waits = [5000, 5000, 5999, 6000, 6999, 1000, 1001].map { backlog.takeWait(milliseconds: $0) }
    #expect(waits == [50, 0, 0, 50, 0, 50, 0])
  }

  @Test("A line written whole leaves nothing to apologise for")
  func whole() {
    var backlog = Backlog()
    backlog.wrote(80, of: 80)
    #expect(backlog.dropped == 0)
    #expect(backlog.apology(milliseconds: 0) == nil)
  }

  @Test("Lost lines are counted until an apology has been written whole")
  func counting() throws {
    var backlog = Backlog()
    backlog.wrote(0, of: 80)
    backlog.wrote(0, of: 80)
    let apology = try #require(backlog.apology(milliseconds: 0))
    #expect(try JSON.fields(apology)["count"] == .number(2))
    let canFollowNothing = backlog.apologised(written: 0, of: apology.count)
    #expect(!canFollowNothing)
    #expect(backlog.dropped == 2)
    let canFollow = backlog.apologised(written: apology.count, of: apology.count)
    #expect(canFollow)
    #expect(backlog.dropped == 0)
    #expect(backlog.apology(milliseconds: 0) == nil)
  }

  @Test("A torn line counts as lost and is ended before the apology")
  func torn() throws {
    var backlog = Backlog()
    backlog.wrote(30, of: 80)
    let apology = try #require(backlog.apology(milliseconds: 0))
    #expect(apology.first == UInt8(ascii: "\n"))
    #expect(try JSON.fields(apology)["count"] == .number(1))
    let canFollow = backlog.apologised(written: apology.count, of: apology.count)
    #expect(canFollow)
    backlog.wrote(0, of: 80)
    #expect(backlog.apology(milliseconds: 0)?.first == UInt8(ascii: "{"))
  }

  @Test("A torn apology is itself ended before the next one")
  func tornApology() {
    var backlog = Backlog()
    backlog.wrote(0, of: 80)
    #expect(backlog.apology(milliseconds: 0)?.first == UInt8(ascii: "{"))
    let canFollow = backlog.apologised(written: 5, of: 90)
    #expect(!canFollow)
    #expect(backlog.apology(milliseconds: 0)?.first == UInt8(ascii: "\n"))
  }
}
