import Authorization
import Domain
import HTTPServer

/// The searches: each decodes, calls one method of the authorization layer, encodes.
struct SearchHandlers: Sendable {
  let jobs: JobService
  let service: SearchService

  /// Search Jobs or, with `jobname`, Search Job by Name.
  @Sendable func jobs(_ request: Request, _ values: [String], _ principal: Principal) async throws -> Response
  {
    let query = request.target.query
    try query.refuseOthers(than: ["Attributes", "jobname"] + Parameters.pageNames, of: "Search Jobs")
    if query.has("jobname") {
      guard !query.has("Attributes") else {
        throw Problem(400, "jobname and Attributes exclude each other: a job is searched for by one of them.")
      }
      return try await byName(request, values, principal)
    }
    let search = JobSearch(try query.conditions())
    let page = try query.page(of: search.text, byTime: search.isByTime)
    return .found(try await service.jobs(search, page, for: principal), by: search.text) {
      JobJSON.members(of: $1, in: &$0)
    }
  }

  /// Search Job by Name.
  @Sendable func byName(_ request: Request, _ values: [String], _ principal: Principal) async throws
    -> Response
  {
    guard let name = try request.target.query.text("jobname"), !name.trimmed.isEmpty else {
      throw Problem(400, "jobname is missing: the name of the job is wanted.")
    }
    let found = try await jobs.jobs(named: String(name.trimmed), for: principal)
    let page = SearchPage(number: 0, size: SearchPage.defaultSize)
    let result = SearchResult(found: found, total: SearchTotal(count: found.count), page: page) {
      .name($0.name, $0.id)
    }
    var response = Response.found(result, by: "") { JobJSON.members(of: $1, in: &$0) }
    // A name is one job's at most, so what is answered is that job.
    if let job = found.first { response.headers.append(("ETag", EntityTag.of(version: job.version))) }
    return response
  }

  /// Search Assets.
  @Sendable func assets(_ request: Request, _ values: [String], _ principal: Principal) async throws
    -> Response
  {
    let search: InventorySearch<AssetAttribute> = try inventorySearch(request, "Search Assets")
    let page = try request.target.query.page(of: search.text)
    return .found(try await service.assets(search, page, for: principal), by: search.text) { writer, asset in
      writer.add("AssetID", asset.id)
      writer.add("AssetName", asset.name)
      writer.add("AssetType", asset.type)
      writer.add("ContainerPath", asset.container.description)
    }
  }

  /// Search Standards.
  @Sendable func standards(_ request: Request, _ values: [String], _ principal: Principal) async throws
    -> Response
  {
    let search: InventorySearch<StandardAttribute> = try inventorySearch(request, "Search Standards")
    let page = try request.target.query.page(of: search.text)
    let result = try await service.standards(search, page, for: principal)
    return .found(result, by: search.text) { writer, standard in
      writer.add("StandardID", standard.id)
      writer.add("StandardName", standard.name)
      writer.add("StandardVersion", standard.version)
      writer.add("ContainerPath", standard.container.description)
    }
  }

  private func inventorySearch<Attribute>(
    _ request: Request, _ operation: String
  ) throws -> InventorySearch<Attribute> {
    let query = request.target.query
    try query.refuseOthers(
      than: ["Attributes", "ContainerPath", "Searchsubtree"] + Parameters.pageNames, of: operation)
    let conditions: [Condition<Attribute>] = try query.conditions()
    var container: ContainerPath?
    if let text = try query.text("ContainerPath"), !text.trimmed.isEmpty {
      container = ContainerPath(text)
      guard container != nil else {
        throw Problem(
          400, "ContainerPath is invalid: the names of folders with \\ or / between them are wanted.")
      }
    }
    return InventorySearch(
      conditions: conditions, container: container,
      includesSubtree: try query.boolean("Searchsubtree") ?? true)
  }
}
