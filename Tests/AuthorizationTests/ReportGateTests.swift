import Domain
import EventLoop
import FoundationEssentials
import JSON
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

@Suite("The gate to reports")
struct ReportGateTests {
  private static let run = UUID()
  private static let batch = ReportBatch(kind: .messages, runID: run, lease: UUID(), number: 3)

  private static func open(rowsStored: Int = 0) -> ReportBatch.Standing {
    .open(ReportBatch.Open(historyID: UUID(), firstRow: 0, rowsStored: rowsStored))
  }

  /// Stores a batch of `rows` messages.
  ///
  /// - Parameter broken: Whether the row behind them is invalid.
  /// - Returns: nil for the outcome if the rows were not asked for.
  private func store(
    _ reports: FakeReports, rows: Int, broken: Bool = false, callers: FakeCallers = FakeCallers(),
    slots: UploadSlots = UploadSlots(), maximumUploads: Int = 1
  ) async -> (result: Result<ReportGate.Outcome, Refusal>, wasAsked: Bool) {
    let gate = ReportGate(
      authorizer: Authorizer(callers: callers), reports: reports, maximumUploads: maximumUploads,
      slots: slots, observer: .silent)
    var context = RequestContext.withToken
    var wasAsked = false
    do {
      let end: @Sendable () -> Void = {}
      let outcome = try await gate.store(Self.batch, &context, end: end) { upload in
        wasAsked = true
        for _ in upload.rowsToSkip..<max(rows, upload.rowsToSkip) where !upload.isStored {
          upload.append(ReportedRow())
          if upload.isFull { try await upload.flush() }
        }
        if broken { throw try await upload.refusal(of: JSONProblemList()) }
        return rows
      }
      return (.success(outcome), wasAsked)
    } catch let refusal as Refusal {
      return (.failure(refusal), wasAsked)
    } catch {
      return (.failure(.failed("\(error)")), wasAsked)
    }
  }

  @Test("Rows are stored in chunks of 10,000; the last one completes the batch")
  func chunks() async {
    for (rows, chunks) in [
      (20_001, ["0+10000", "10000+10000", "20000+1."]), (20_000, ["0+10000", "10000+10000", "20000+0."]),
      (0, ["0+0."]),
    ] {
      let reports = FakeReports(Self.open())
      #expect(await store(reports, rows: rows).result == .success(.init(rowsStored: rows, rowsSkipped: 0)))
      #expect(reports.chunks == chunks)
    }
  }

  @Test("Rows that are stored already are skipped")
  func skipped() async {
    let reports = FakeReports(Self.open(rowsStored: 7))
    #expect(await store(reports, rows: 10).result == .success(.init(rowsStored: 3, rowsSkipped: 7)))
    #expect(reports.chunks == ["7+3."])
    let stored = FakeReports(.stored)
    #expect(await store(stored, rows: 10).result == .success(.init(rowsStored: 0, rowsSkipped: 10)))
    #expect(stored.chunks == [])
  }

  @Test("If another request has stored the batch meanwhile, nothing more is stored")
  func storedMeanwhile() async {
    let reports = FakeReports(Self.open(), answers: [.not(.stored)])
    #expect(await store(reports, rows: 20_001).result == .success(.init(rowsStored: 0, rowsSkipped: 20_001)))
    #expect(reports.chunks == ["0+10000"])
  }

  @Test("Fewer rows than are stored are another batch")
  func longer() async {
    let reports = FakeReports(Self.open(rowsStored: 7))
    #expect(
      await store(reports, rows: 6).result == .failure(Refusal(.longer(rowsStored: 7), batch: Self.batch)))
    #expect(reports.chunks == [])
  }

  @Test("A chunk that is refused ends the request")
  func refusedChunk() async {
    let reports = FakeReports(Self.open(), answers: [.not(.leaseLost)])
    #expect(await store(reports, rows: 30_000).result == .failure(Refusal(.leaseLost, batch: Self.batch)))
    #expect(reports.chunks == ["0+10000"])
  }

  @Test("A broken row keeps the rows before its chunk and none from there on")
  func broken() async {
    let reports = FakeReports(Self.open())
    #expect(
      await store(reports, rows: 10_002, broken: true).result
        == .failure(.invalidLines(JSONProblemList(), rowsStored: 10_000)))
    #expect(reports.chunks == ["0+10000"])
  }

  @Test("Nothing is read for callers who may not report, for another batch, or beyond the limit of uploads")
  func unread() async {
    let refused = FakeCallers(answer: .init(caller: FakeCallers.ann, missing: "Report job runs"))
    for (reports, callers, uploads) in [
      (FakeReports(Self.open()), refused, 1), (FakeReports(.outOfOrder(expected: 2)), FakeCallers(), 1),
      (FakeReports(Self.open()), FakeCallers(), 0),
    ] {
      let (result, wasAsked) = await store(reports, rows: 1, callers: callers, maximumUploads: uploads)
      #expect(throws: Refusal.self) { try result.get() }
      #expect(!wasAsked)
    }
  }

  @Test("Whatever becomes of an upload, its slot is free afterwards")
  func slots() async {
    let slots = UploadSlots()
    for reports in [
      FakeReports(Self.open()), FakeReports(.notFound), FakeReports(Self.open(), answers: [.not(.leaseLost)]),
    ] { _ = await store(reports, rows: 1, slots: slots) }
    #expect(slots.take(caller: "ann", run: UUID(), limit: 1, end: {}) != nil)
  }
}
