import Domain
import EventLoop
import FoundationEssentials
import Repository
import Synchronization
import Testing

@testable import Authorization

/// Keeps which rows of a batch it was given.
private final class FakeReports: ReportStore {
  private struct State {
    var chunks: [(start: Int, count: Int, completing: Bool)] = []
    var answers: [Reports.Stored]
  }

  private let answer: ReportBatch.Standing
  private let state: Mutex<State>

  /// - Parameter answers: To the first chunks; all others are stored.
  init(_ answer: ReportBatch.Standing, answers: [Reports.Stored] = []) {
    self.answer = answer
    state = Mutex(State(answers: answers))
  }

  /// As "start+count", with a full stop behind the last chunk of a whole batch.
  var chunks: [String] {
    state.withLock { $0.chunks.map { "\($0.start)+\($0.count)\($0.completing ? "." : "")" } }
  }

  func standing(of batch: ReportBatch) async throws(RepositoryError) -> ReportBatch.Standing { answer }

  func store(
    _ chunk: ReportChunk, of batch: ReportBatch, completing: Bool
  ) async throws(RepositoryError) -> Reports.Stored {
    state.withLock { state in
      state.chunks.append((chunk.start, chunk.count, completing))
      return state.answers.isEmpty ? .rows(chunk.count) : state.answers.removeFirst()
    }
  }
}

/// The pieces of a body, one after the other.
private final class Body: Sendable {
  private let pieces: Mutex<[[UInt8]]>
  private let reads = Atomic(0)

  init(_ pieces: [[UInt8]]) { self.pieces = Mutex(pieces) }

  /// How often it was asked.
  var count: Int { reads.load(ordering: .relaxed) }

  @Sendable func next() async throws -> [UInt8]? {
    reads.add(1, ordering: .relaxed)
    return pieces.withLock { $0.isEmpty ? nil : $0.removeFirst() }
  }
}

@Suite("The gate to reports")
struct ReportGateTests {
  private static let run = UUID()
  private static let batch = ReportBatch(kind: .messages, runID: run, lease: UUID(), number: 3)

  private static func open(rowsStored: Int = 0) -> ReportBatch.Standing {
    .open(ReportBatch.Open(historyID: UUID(), firstRow: 0, rowsStored: rowsStored))
  }

  /// Lines of messages.
  private static func lines(_ count: Int) -> [UInt8] {
    Array(String(repeating: #"{"Severity": "Information", "Message": "m"}"# + "\n", count: count).utf8)
  }

  private func store(
    _ reports: FakeReports, _ body: Body, callers: FakeCallers = FakeCallers(),
    slots: Slots = Slots(), maximumUploads: Int = 1
  ) async -> Result<ReportGate.Outcome, Refusal> {
    let gate = ReportGate(
      authorizer: Authorizer(callers: callers), reports: reports,
      settings: .init(
        maximumUploads: maximumUploads, limits: .init(rowBytes: 1 << 20, messageCharacters: 100)),
      slots: slots, observer: .silent)
    var context = RequestContext.withToken
    do {
      return .success(try await gate.store(Self.batch, &context, body: body.next))
    } catch let refusal as Refusal {
      return .failure(refusal)
    } catch {
      return .failure(.failed("\(error)"))
    }
  }

  @Test("Rows are stored in chunks of 10,000, however the bytes arrive; the last one completes the batch")
  func chunks() async {
    let lines = Self.lines(20_001)
    for size in [lines.count, 1009, 65_536] {
      let pieces = stride(from: 0, to: lines.count, by: size).map {
        Array(lines[$0..<min($0 + size, lines.count)])
      }
      let reports = FakeReports(Self.open())
      let outcome = await store(reports, Body(pieces))
      #expect(outcome == .success(.init(rowsStored: 20_001, rowsSkipped: 0)))
      #expect(reports.chunks == ["0+10000", "10000+10000", "20000+1."])
    }
  }

  @Test("A batch without rows is completed, too")
  func empty() async {
    let reports = FakeReports(Self.open())
    #expect(await store(reports, Body([])) == .success(.init(rowsStored: 0, rowsSkipped: 0)))
    #expect(reports.chunks == ["0+0."])
  }

  @Test("Rows that are stored already are skipped")
  func skipped() async {
    let reports = FakeReports(Self.open(rowsStored: 7))
    #expect(
      await store(reports, Body([Self.lines(10)])) == .success(.init(rowsStored: 3, rowsSkipped: 7)))
    #expect(reports.chunks == ["7+3."])
    let stored = FakeReports(.stored)
    #expect(
      await store(stored, Body([Self.lines(10)])) == .success(.init(rowsStored: 0, rowsSkipped: 10)))
    #expect(stored.chunks == [])
  }

  @Test("If another request has stored the batch meanwhile, the rest is only counted")
  func storedMeanwhile() async {
    let reports = FakeReports(Self.open(), answers: [.not(.stored)])
    #expect(
      await store(reports, Body([Self.lines(20_001)]))
        == .success(.init(rowsStored: 0, rowsSkipped: 20_001)))
    #expect(reports.chunks == ["0+10000"])
  }

  @Test("Fewer rows than are stored are another batch")
  func longer() async {
    let reports = FakeReports(Self.open(rowsStored: 7))
    #expect(
      await store(reports, Body([Self.lines(6)]))
        == .failure(Refusal(.longer(rowsStored: 7), batch: Self.batch)))
    #expect(reports.chunks == [])
  }

  @Test("A chunk that is refused ends the request")
  func refusedChunk() async {
    let reports = FakeReports(Self.open(), answers: [.not(.leaseLost)])
    #expect(
      await store(reports, Body([Self.lines(30_000)])) == .failure(Refusal(.leaseLost, batch: Self.batch)))
    #expect(reports.chunks == ["0+10000"])
  }

  @Test("A broken line keeps the rows before its chunk and none from there on")
  func broken() async {
    let reports = FakeReports(Self.open())
    let outcome = await store(reports, Body([Self.lines(10_002), Array("{}\n".utf8), Self.lines(20_000)]))
    guard case .failure(.invalidLines(let problems, rowsStored: 10_000)) = outcome else {
      Issue.record("\(outcome)")
      return
    }
    #expect(problems.allSatisfy { $0.pointer.hasPrefix("/10003") })
    #expect(reports.chunks == ["0+10000"])
  }

  @Test("After a hundred broken lines nothing more is read")
  func hopeless() async {
    let body = Body(Array(repeating: Array("x\n".utf8), count: 1000))
    guard case .failure(.invalidLines) = await store(FakeReports(Self.open()), body) else {
      Issue.record("stored")
      return
    }
    #expect(body.count == ReportParser.maximumBrokenLines)
  }

  @Test("Nothing is read for callers who may not report, for another batch, or beyond the limit of uploads")
  func unread() async {
    let refused = FakeCallers(answer: .init(caller: FakeCallers.ann, missing: "Report job runs"))
    for (reports, callers, uploads) in [
      (FakeReports(Self.open()), refused, 1), (FakeReports(.outOfOrder(expected: 2)), FakeCallers(), 1),
      (FakeReports(Self.open()), FakeCallers(), 0),
    ] {
      let body = Body([Self.lines(1)])
      guard case .failure = await store(reports, body, callers: callers, maximumUploads: uploads) else {
        Issue.record("stored")
        continue
      }
      #expect(body.count == 0)
    }
  }

  @Test("Whatever becomes of an upload, its slot is free afterwards")
  func slots() async {
    let slots = Slots()
    for reports in [
      FakeReports(Self.open()), FakeReports(.notFound), FakeReports(Self.open(), answers: [.not(.leaseLost)]),
    ] { _ = await store(reports, Body([Self.lines(1)]), slots: slots) }
    #expect(slots.take(limit: 1))
  }
}
