import Authorization
import Domain
import FoundationEssentials
import HTTPServer

/// What collectors report of a run, as lines of JSON (NDJSON) that are stored while they arrive.
struct ReportHandlers: Sendable {
  let gate: ReportGate
  let limits: ReportLineReader.Limits

  @Sendable func messages(
    _ request: Request, _ body: BodyStream, _ values: [String], _ context: inout RequestContext
  ) async throws -> Response {
    try await store(.messages, request, body, values, &context)
  }

  @Sendable func collectedData(
    _ request: Request, _ body: BodyStream, _ values: [String], _ context: inout RequestContext
  ) async throws -> Response {
    try await store(.collectedData, request, body, values, &context)
  }

  @Sendable func results(
    _ request: Request, _ body: BodyStream, _ values: [String], _ context: inout RequestContext
  ) async throws -> Response {
    try await store(.results, request, body, values, &context)
  }

  private func store(
    _ kind: ReportKind, _ request: Request, _ body: BodyStream, _ values: [String],
    _ context: inout RequestContext
  ) async throws -> Response {
    let batch = try batch(kind, request, values)
    let outcome = try await gate.store(batch, &context, end: body.cancel) { upload in
      try await read(body, kind, into: &upload)
    }
    return .json(
      200,
      .object {
        $0.add("JobRunID", batch.runID)
        $0.add("Batch", batch.number)
        $0.add("RowsStored", outcome.rowsStored)
        $0.add("RowsSkipped", outcome.rowsSkipped)
      })
  }

  // MARK: - Decoding

  /// Hands over the rows of a body while they arrive.
  ///
  /// - Returns: How many there were.
  private func read(_ body: BodyStream, _ kind: ReportKind, into upload: inout ReportUpload) async throws
    -> Int
  {
    var parser = ReportParser(kind, rowsToSkip: upload.rowsToSkip, limits: limits)
    var hasEnded = false
    while !hasEnded, !parser.isHopeless {
      if let piece = try await body.next() {
        upload.received(piece.count)
        parser.add(piece)
      } else {
        parser.end()
        hasEnded = true
      }
      while parser.forEachRow(
        onlyCounting: upload.isStored,
        { row in
          upload.append(row)
          return !upload.isFull
        })
      {
        try await upload.flush()
      }
    }
    guard !parser.isBroken else { throw try await upload.refusal(of: parser.problems.all) }
    return parser.rows
  }

  private func batch(_ kind: ReportKind, _ request: Request, _ values: [String]) throws -> ReportBatch {
    let run = try UUID(jobRunID: values[0])
    let query = request.parameters
    guard let lease = try? query("lease").flatMap({ UUID(guid: $0) }) else {
      throw Problem(400, "lease is invalid: expected the GUID that the run was claimed with.")
    }
    let text = (try? query("batch"))?.trimmed ?? ""
    guard let number = Int(text), number >= 1 else {
      throw Problem(400, "batch is invalid: expected an integer from 1.")
    }
    // RFC 9110, section 15.5.16: the answer says what is accepted.
    for coding in request.headers.values("Content-Encoding")
    where !coding.trimmed.equalsIgnoringASCIICase("identity") {
      throw Problem(
        415, "The body must not be encoded: Content-Encoding identity, or none, is accepted.",
        headers: [("Accept-Encoding", "identity")])
    }
    return ReportBatch(kind: kind, runID: run, lease: lease, number: number)
  }
}
