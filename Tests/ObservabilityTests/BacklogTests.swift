import Testing

@testable import Observability

@Suite("The log's backlog")
struct BacklogTests {
  private static let line = ([UInt8](repeating: UInt8(ascii: "x"), count: 79) + [UInt8(ascii: "\n")])[...]

  @Test("Only one line a second may wait for room, whichever way the clock is set meanwhile")
  func waits() {
    var backlog = Backlog()
    let waits = [5000, 5000, 5999, 6000, 6999, 1000, 1001].map { backlog.takeWait(milliseconds: $0) }
    #expect(waits == [50, 0, 0, 50, 0, 50, 0])
  }

  @Test("A line written whole leaves no notice")
  func whole() {
    var backlog = Backlog()
    backlog.wrote(80, of: Self.line)
    #expect(backlog.dropped == 0)
    #expect(backlog.droppedNotice(milliseconds: 0) == nil)
  }

  @Test("Lost lines are counted until a notice has been written whole")
  func counting() throws {
    var backlog = Backlog()
    backlog.wrote(0, of: Self.line)
    backlog.wrote(0, of: Self.line)
    let notice = try #require(backlog.droppedNotice(milliseconds: 0))
    #expect(try LogField.fields(notice)["count"] == .number(2))
    let canFollowNothing = backlog.wroteNotice(0, of: notice.count)
    #expect(!canFollowNothing)
    #expect(backlog.dropped == 2)
    let canFollow = backlog.wroteNotice(notice.count, of: notice.count)
    #expect(canFollow)
    #expect(backlog.dropped == 0)
    #expect(backlog.droppedNotice(milliseconds: 0) == nil)
  }

  @Test("A torn line counts as lost and is ended before the notice")
  func torn() throws {
    var backlog = Backlog()
    backlog.wrote(30, of: Self.line)
    let notice = try #require(backlog.droppedNotice(milliseconds: 0))
    #expect(notice.first == UInt8(ascii: "\n"))
    #expect(try LogField.fields(notice)["count"] == .number(1))
    let canFollow = backlog.wroteNotice(notice.count, of: notice.count)
    #expect(canFollow)
    backlog.wrote(0, of: Self.line)
    #expect(backlog.droppedNotice(milliseconds: 0)?.first == UInt8(ascii: "{"))
  }

  @Test(
    "Of several lines those count as lost that were not written whole, and only a piece of one is torn",
    arguments: [
      (0, 3, "{"), (79, 3, "\n"), (80, 2, "{"), (81, 2, "\n"), (159, 2, "\n"), (160, 1, "{"), (239, 1, "\n"),
    ])
  func several(written: Int, lost: Int, beginning: String) throws {
    var backlog = Backlog()
    backlog.wrote(written, of: (Array(Self.line) + Self.line + Self.line)[...])
    #expect(backlog.dropped == lost)
    let notice = try #require(backlog.droppedNotice(milliseconds: 0))
    #expect(notice.first == beginning.utf8.first)
  }

  @Test("A torn notice is itself ended before the next one")
  func tornNotice() {
    var backlog = Backlog()
    backlog.wrote(0, of: Self.line)
    #expect(backlog.droppedNotice(milliseconds: 0)?.first == UInt8(ascii: "{"))
    let canFollow = backlog.wroteNotice(5, of: 90)
    #expect(!canFollow)
    #expect(backlog.droppedNotice(milliseconds: 0)?.first == UInt8(ascii: "\n"))
  }
}
