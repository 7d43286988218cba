import Authorization
import Domain
import FoundationEssentials
import HTTPServer
import JSON

/// Claim Job Runs and Report Job Run: what collectors do with runs.
struct CollectorHandlers: Sendable {
  /// How long a claim may wait for a run, beyond what any request may take.
  static let longestWait = Duration.seconds(30)

  private static let leaseSeconds = 10...3600
  private static let defaultLeaseSeconds = 60
  private static let messageCharacters = 10_000

  let gate: RunGate

  /// Claim Job Runs.
  @Sendable func claim(
    _ request: Request, _ values: [String], _ context: inout RequestContext
  ) async throws -> Response {
    let (count, leaseSeconds, wait) = try await request.jsonFields { reader in
      (
        reader.integer("Count", 1...100) ?? 1,
        reader.integer("LeaseSeconds", Self.leaseSeconds) ?? Self.defaultLeaseSeconds,
        reader.integer("WaitSeconds", 0...30) ?? 0
      )
    }
    let runs = try await gate.claim(
      count: count, leaseSeconds: leaseSeconds, wait: .seconds(wait), &context)
    return .json(
      200,
      .object {
        $0.name("JobRuns")
        $0.array(runs) { writer, run in writer.object { Self.members(of: run, in: &$0) } }
      })
  }

  private static func members(of run: ClaimedRun, in writer: inout JSONWriter) {
    writer.add("JobRunID", run.id)
    writer.add("JobID", run.jobID)
    writer.add("JobName", run.jobName)
    writer.add("JobType", run.jobType)
    writer.add("Lease", run.lease)
    writer.add("LeaseExpires", run.leaseExpiresAt)
    writer.add("Attempt", run.attempt)
    writer.add("QueuedTime", run.queuedAt)
    writer.add("StartTime", run.startedAt)
    writer.add("EndsTime", run.endsAt)
    writer.name("LastBatch")
    writer.object {
      $0.add("Messages", run.lastBatch.messages)
      $0.add("CollectedData", run.lastBatch.collectedData)
      $0.add("Results", run.lastBatch.results)
    }
    writer.add("JobConfiguration", json: run.configuration ?? "{}")
  }

  /// Report Job Run, heartbeat.
  @Sendable func heartbeat(
    _ request: Request, _ values: [String], _ context: inout RequestContext
  ) async throws -> Response {
    let run = try UUID(jobRunID: values[0])
    let (lease, leaseSeconds) = try await request.jsonFields { reader in
      let lease = reader.guid("Lease", required: true)
      let seconds = reader.integer("LeaseSeconds", Self.leaseSeconds) ?? Self.defaultLeaseSeconds
      return lease.map { ($0, seconds) }
    }
    let expires = try await gate.heartbeat(run: run, lease: lease, leaseSeconds: leaseSeconds, &context)
    return .json(
      200,
      .object {
        $0.add("JobRunID", run)
        $0.add("Status", JobRun.Status.running.rawValue)
        $0.add("LeaseExpires", expires)
      })
  }

  /// Report Job Run, completion.
  @Sendable func complete(
    _ request: Request, _ values: [String], _ context: inout RequestContext
  ) async throws -> Response {
    let run = try UUID(jobRunID: values[0])
    let lease = try await request.jsonFields { $0.guid("Lease", required: true) }
    try await gate.complete(run: run, lease: lease, &context)
    return JobJSON.response(run, .completed)
  }

  /// Report Job Run, failure.
  @Sendable func fail(
    _ request: Request, _ values: [String], _ context: inout RequestContext
  ) async throws -> Response {
    let run = try UUID(jobRunID: values[0])
    let (lease, message) = try await request.jsonFields { reader in
      let lease = reader.guid("Lease", required: true)
      let message = reader.text("Message") { text in
        text.trimmed.isEmpty || text.unicodeScalars.count > Self.messageCharacters
          ? "must have 1...\(Self.messageCharacters) characters" : nil
      }
      return lease.map { ($0, message) }
    }
    try await gate.fail(run: run, lease: lease, message: message, &context)
    return JobJSON.response(run, .failed)
  }
}
