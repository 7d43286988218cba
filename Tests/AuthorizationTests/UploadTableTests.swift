import Foundation
import Testing

@testable import Authorization

@Suite("Which uploads give way")
struct UploadTableTests {
  private let runs = (0..<6).map { _ in UUID() }

  /// A table with uploads that began at zero; each has received so many bytes.
  private func table(_ uploads: [(caller: String, run: Int, bytes: Int)]) -> UploadTable {
    var table = UploadTable()
    for (caller, run, bytes) in uploads {
      let (_, number) = table.admit(caller: caller, run: runs[run], now: .zero, limit: 100)
      table.received(bytes, of: number!)
    }
    return table
  }

  @Test("The last place is for callers who have none")
  func lastPlace() {
    var table = table([("a", 0, 0), ("a", 1, 0), ("a", 2, 0)])
    #expect(table.admit(caller: "a", run: runs[3], now: .seconds(1), limit: 4).0 == .full)
    #expect(table.admit(caller: "b", run: runs[4], now: .seconds(1), limit: 4).0 == .admitted)
    var one = UploadTable()
    #expect(one.admit(caller: "a", run: runs[0], now: .zero, limit: 1).0 == .admitted)
    #expect(one.admit(caller: "b", run: runs[1], now: .zero, limit: 1).0 == .full)
  }

  @Test("A slow upload gives way to any other, the slowest first, but not before its time")
  func slow() {
    var table = table([("a", 0, 49_000), ("b", 1, 1000), ("c", 2, 1_000_000)])
    #expect(table.admit(caller: "d", run: runs[3], now: .seconds(4.9), limit: 3).0 == .full)
    #expect(table.admit(caller: "d", run: runs[3], now: .seconds(5), limit: 3).0 == .admittedFor(2))
    #expect(table.admit(caller: "e", run: runs[4], now: .seconds(5), limit: 3).0 == .admittedFor(1))
    #expect(table.admit(caller: "f", run: runs[5], now: .seconds(5), limit: 3).0 == .full)
  }

  @Test("The slowest upload of a caller with many gives way to those of callers with few")
  func greedy() {
    var table = table([("a", 0, 9_000_000), ("a", 1, 8_000_000), ("a", 2, 9_000_000), ("b", 3, 7_000_000)])
    #expect(table.admit(caller: "b", run: runs[4], now: .seconds(9), limit: 4).0 == .admittedFor(2))
    #expect(table.admit(caller: "b", run: runs[5], now: .seconds(9), limit: 4).0 == .full)
    #expect(table.admit(caller: "c", run: runs[5], now: .seconds(9), limit: 4).0 == .admittedFor(4))
  }

  @Test("Among the uploads of one caller, a run with several gives way to one with none")
  func runsOfOneCaller() {
    var table = table([("a", 0, 9_000_000), ("a", 0, 8_000_000), ("a", 1, 1_000_000)])
    #expect(table.admit(caller: "a", run: runs[1], now: .seconds(9), limit: 3).0 == .full)
    #expect(table.admit(caller: "a", run: runs[2], now: .seconds(9), limit: 3).0 == .admittedFor(2))
  }

  @Test("What has ended leaves its place")
  func end() {
    var table = table([("a", 0, 0)])
    #expect(table.admit(caller: "b", run: runs[1], now: .zero, limit: 1).0 == .full)
    table.end(1)
    #expect(table.admit(caller: "b", run: runs[1], now: .zero, limit: 1).0 == .admitted)
    #expect(table.uploads.count == 1)
  }
}
