import Authorization
import Domain
import FoundationEssentials
import HTTPServer

/// Create Job, Update Job, Delete Job and the searches for jobs.
struct JobHandlers: Sendable {
  let gate: JobGate
  /// Maximum number of jobs that one request deletes.
  let maximumJobs: Int
  let definitionLimits: JobDetails.Limits

  /// Delete Job.
  @Sendable func delete(
    _ request: Request, _ values: [String], _ context: inout RequestContext
  ) async throws -> Response {
    let query = request.parameters
    let jobs = try jobIDs(query)
    let remove = try query.boolean("DeleteJob") ?? true
    // A misspelt DeleteJob=False must not delete the job.
    try query.refuseOthers(than: ["jobid", "DeleteJob"], of: .deleteJob)
    let precondition = try request.jobPrecondition
    guard precondition == .none || jobs.count == 1 else {
      throw Problem(
        400,
        precondition == .absent
          ? "If-None-Match is for one job." : "If-Match is for one job: an ETag says nothing about others.")
    }
    let deletions = try await gate.delete(jobs, if: precondition, remove: remove, &context)
    guard request.prefersRepresentation else { return Response(status: 204) }
    var response = Response.json(200, DeletionJSON.message(deletions, removed: remove))
    response.headers.append(("Preference-Applied", "return=representation"))
    return response
  }

  /// Search Job by ID.
  @Sendable func byID(
    _ request: Request, _ values: [String], _ context: inout RequestContext
  ) async throws -> Response {
    let id = try UUID(jobID: values[0])
    let job = try await gate.job(id, &context)
    return JobJSON.response(job).tagged(EntityTag(job), for: request)
  }

  /// Search Jobs or, with `jobname`, Search Job by Name.
  @Sendable func search(
    _ request: Request, _ values: [String], _ context: inout RequestContext
  ) async throws -> Response {
    let query = request.parameters
    try query.refuseOthers(than: ["Attributes", "jobname"] + Parameters.pageNames, of: .searchJobs)
    if query.has("jobname") {
      guard !query.has("Attributes") else {
        throw Problem(400, "jobname and Attributes exclude each other: a job is searched for by one of them.")
      }
      return try await byName(query, request, &context)
    }
    let search = JobSearch(try query.conditions())
    let page = try query.page(of: search.text, byTime: search.isByTime)
    let found = try await gate.jobs(search, page, &context)
    return try await .json(
      SearchAnswer(
        found, by: search.text, members: { JobJSON.members(of: $1, in: &$0) },
        read: { [gate] in try await gate.jobs(found: $0.map(\.id)) }))
  }

  /// Search Job by Name.
  private func byName(
    _ query: Parameters, _ request: Request, _ context: inout RequestContext
  ) async throws -> Response {
    guard let name = try query.text("jobname"), !name.trimmed.isEmpty else {
      throw Problem(400, "jobname is missing: expected the name of the job.")
    }
    let found = try await gate.jobs(named: String(name.trimmed), &context)
    let page = SearchPage(number: 0, size: SearchPage.defaultSize)
    let result = SearchResult(found: found, total: SearchTotal(count: found.count), page: page) {
      .name($0.name, $0.id)
    }
    let response: Response = try await .json(
      SearchAnswer(result, by: "", members: { JobJSON.members(of: $1, in: &$0) }))
    // At most one job has a name, so the answer is that job.
    return found.first.map { response.tagged(EntityTag($0), for: request) } ?? response
  }

  /// Create Job.
  @Sendable func create(
    _ request: Request, _ values: [String], _ context: inout RequestContext
  ) async throws -> Response {
    let definition = try await request.json { [definitionLimits] in
      JobDefinition.read($0, $1, limits: definitionLimits)
    }
    let created = try await gate.create(definition, &context)
    var response = Response.json(
      201,
      .object {
        $0.add("JobID", created.job.id)
        if let run = created.runID { $0.add("JobRunID", run) }
      })
    response.headers.append(("Location", "\(RoutingTable.base)/Jobs/\(created.job.id.guidString)"))
    return response.tagged(EntityTag(created.job))
  }

  /// Update Job.
  @Sendable func update(
    _ request: Request, _ values: [String], _ context: inout RequestContext
  ) async throws -> Response {
    let precondition = try request.jobPrecondition
    let update = try await request.json { [definitionLimits] in
      JobUpdate.read($0, $1, limits: definitionLimits)
    }
    let job = try await gate.update(update, if: precondition, &context)
    return JobJSON.response(job).tagged(EntityTag(job))
  }

  // MARK: - Decoding

  /// One GUID, or several separated by commas; a repeated one counts once.
  private func jobIDs(_ query: Parameters) throws(Problem) -> [UUID] {
    guard let text = try? query("jobid"), !text.trimmed.isEmpty else { throw .invalidJobID }
    let parts = text.split(separator: ",", omittingEmptySubsequences: false)
    guard parts.count <= maximumJobs else {
      throw Problem(400, "JobID is invalid: at most \(maximumJobs) jobs can be deleted at once.")
    }
    var ids: [UUID] = []
    for part in parts {
      let id = try UUID(jobID: String(part))
      if !ids.contains(id) { ids.append(id) }
    }
    return ids
  }
}
