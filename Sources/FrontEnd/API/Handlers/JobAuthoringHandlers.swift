import Authorization
import Domain
import HTTPServer

/// Create Job and Update Job: each decodes, calls one method of the authorization layer, encodes.
struct JobAuthoringHandlers: Sendable {
  let service: JobAuthoring

  /// Create Job.
  @Sendable func create(
    _ request: Request, _ values: [String], _ principal: Principal
  ) async throws -> Response {
    let limits = service.limits
    let definition = try await request.json { JobDefinition.read($0, $1, limits: limits) }
    let created = try await service.create(definition, for: principal, requestID: request.id)
    var response = Response.json(
      201,
      .object {
        $0.add("JobID", created.jobID)
        if let run = created.runID { $0.add("JobRunID", run) }
      })
    response.headers.append(("Location", "\(RoutingTable.base)/Jobs/\(created.jobID.guidString)"))
    response.headers.append(("ETag", EntityTag.of(version: created.version)))
    return response
  }

  /// Update Job.
  @Sendable func update(
    _ request: Request, _ values: [String], _ principal: Principal
  ) async throws -> Response {
    let versions = try request.wantedVersions
    let limits = service.limits
    let update = try await request.json { JobUpdate.read($0, $1, limits: limits) }
    let job = try await service.update(update, versions: versions, for: principal, requestID: request.id)
    return JobJSON.response(job)
  }
}
