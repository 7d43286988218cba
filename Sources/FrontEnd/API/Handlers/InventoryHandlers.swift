import Authorization
import Domain
import HTTPServer

/// Search Assets and Search Standards.
struct InventoryHandlers: Sendable {
  let gate: InventoryGate

  /// Search Assets.
  @Sendable func assets(
    _ request: Request, _ values: [String], _ context: inout RequestContext
  ) async throws -> Response {
    let query = request.parameters
    let search: InventorySearch<AssetAttribute> = try search(query, .searchAssets)
    let page = try query.page(of: search.text)
    let found = try await gate.assets(search, page, &context)
    return try await .json(
      SearchAnswer(found, by: search.text) { writer, asset in
        writer.add("AssetID", asset.id)
        writer.add("AssetName", asset.name)
        writer.add("AssetType", asset.type)
        writer.add("ContainerPath", asset.container.description)
      })
  }

  /// Search Standards.
  @Sendable func standards(
    _ request: Request, _ values: [String], _ context: inout RequestContext
  ) async throws -> Response {
    let query = request.parameters
    let search: InventorySearch<StandardAttribute> = try search(query, .searchStandards)
    let page = try query.page(of: search.text)
    let found = try await gate.standards(search, page, &context)
    return try await .json(
      SearchAnswer(found, by: search.text) { writer, standard in
        writer.add("StandardID", standard.id)
        writer.add("StandardName", standard.name)
        writer.add("StandardVersion", standard.version)
        writer.add("ContainerPath", standard.container.description)
      })
  }

  private func search<Attribute>(
    _ query: Parameters, _ operation: Operation
  ) throws -> InventorySearch<Attribute> {
    try query.refuseOthers(
      than: ["Attributes", "ContainerPath", "Searchsubtree"] + Parameters.pageNames, of: operation)
    let conditions: [Condition<Attribute>] = try query.conditions()
    var container: ContainerPath?
    if let text = try query.text("ContainerPath"), !text.trimmed.isEmpty {
      container = ContainerPath(text)
      guard container != nil else {
        throw Problem(
          400, "ContainerPath is invalid: expected the names of folders, separated by \\ or /.")
      }
    }
    return InventorySearch(
      conditions: conditions, container: container,
      includesSubtree: try query.boolean("Searchsubtree") ?? true)
  }
}
