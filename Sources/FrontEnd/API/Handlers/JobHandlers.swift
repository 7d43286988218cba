import Authorization
import Domain
import FoundationEssentials
import HTTPServer

/// The job APIs: each decodes, calls one method of the authorization layer, encodes.
struct JobHandlers: Sendable {
  let service: JobService
  /// The most jobs that one request may delete.
  let maximumJobsPerRequest: Int

  /// Delete Job.
  @Sendable func delete(_ request: Request, _ values: [String]) throws -> Route.Work {
    let jobs = try jobIDs(request.target.query)
    let remove = try request.target.query.boolean("DeleteJob") ?? true
    // What is misspelt is not what was meant: without its DeleteJob=False a job would be gone.
    try request.target.query.refuseOthers(than: ["jobid", "DeleteJob"], of: "Delete Job")
    let versions = try request.wantedVersions
    guard versions == nil || jobs.count == 1 else {
      throw Problem(400, "If-Match is for one job: an ETag says nothing about others.")
    }
    return { [service] bearer in
      await service.deleteJobs(
        jobs, versions: versions, remove: remove, bearer: bearer, requestID: request.id
      ).map { deletions in
        guard request.prefersRepresentation else { return Response(status: 204) }
        var response = Response.json(200, DeletionJSON.message(deletions, removed: remove))
        response.headers.append(("Preference-Applied", "return=representation"))
        return response
      }
    }
  }

  /// Search Job by ID.
  @Sendable func byID(_ request: Request, _ values: [String]) throws -> Route.Work {
    let id = try jobID(values[0])
    return { [service] bearer in await service.job(id, bearer: bearer).map { JobJSON.response($0) } }
  }

  /// Get Latest Job Runs.
  @Sendable func latestRuns(
    _ request: Request, _ values: [String], _ principal: Principal
  ) async throws -> Response {
    let id = try jobID(values[0])
    let text = try request.target.query.text("count")?.trimmed ?? "1"
    guard let count = Int(text), count >= 0 else {
      throw Problem(400, "count is invalid: a whole number from 0 is wanted, and 0 means all runs.")
    }
    let withMessages = try request.target.query.boolean("showmessages") ?? false
    let runs = try await service.latestRuns(of: id, count: count, withMessages: withMessages, for: principal)
    // A long answer is written beside the loop, which has other requests to answer meanwhile.
    return runs.count <= Self.fewRuns && !withMessages
      ? JobJSON.response(runs, of: id) : await Task.detached { JobJSON.response(runs, of: id) }.value
  }

  /// What is written within about a millisecond.
  private static let fewRuns = 100

  // MARK: - Decoding

  private static let invalidJobID = Problem(400, "JobID is invalid.")

  private func jobID(_ text: String) throws -> UUID {
    guard let id = UUID(guid: text) else { throw Self.invalidJobID }
    return id
  }

  /// One GUID, or several with commas between them; one that stands twice counts once.
  private func jobIDs(_ query: Parameters) throws -> [UUID] {
    guard let text = try? query("jobid"), !text.trimmed.isEmpty else { throw Self.invalidJobID }
    let parts = text.split(separator: ",", omittingEmptySubsequences: false)
    guard parts.count <= maximumJobsPerRequest else {
      throw Problem(400, "JobID is invalid: at most \(maximumJobsPerRequest) jobs can be deleted at once.")
    }
    var ids: [UUID] = []
    for part in parts {
      let id = try jobID(String(part))
      if !ids.contains(id) { ids.append(id) }
    }
    return ids
  }
}
