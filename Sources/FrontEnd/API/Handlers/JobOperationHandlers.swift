import Authorization
import Domain
import FoundationEssentials
import HTTPServer

/// Job Operation: decodes, calls one method of the authorization layer, encodes.
struct JobOperationHandlers: Sendable {
  let service: JobOperating

  @Sendable func operate(
    _ request: Request, _ values: [String], _ principal: Principal
  ) async throws -> Response {
    let command = try await request.json { JobCommand.read($0, $1) }
    guard let id = UUID(guid: values[0]) else {
      throw Problem(400, command == .execute ? "JobID is invalid." : "JobRunID is invalid.")
    }
    switch command {
    case .execute:
      let run = try await service.execute(job: id, for: principal, requestID: request.id)
      return Self.response(run, .queued)
    case .abort:
      try await service.abort(run: id, for: principal, requestID: request.id)
      return Self.response(id, .aborted)
    }
  }

  private static func response(_ run: UUID, _ status: JobRun.Status) -> Response {
    .json(
      200,
      .object {
        $0.add("JobRunID", run)
        $0.add("Status", status.rawValue)
      })
  }
}
