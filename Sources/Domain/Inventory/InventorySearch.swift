/// Search Assets or Search Standards: what is searched for, and where.
public struct InventorySearch<Attribute: SearchAttribute>: Sendable, Equatable {
  public let conditions: [Condition<Attribute>]
  /// nil: everywhere.
  public let container: ContainerPath?
  /// Whether the folders below the container count, too.
  public let includesSubtree: Bool

  public init(conditions: [Condition<Attribute>], container: ContainerPath?, includesSubtree: Bool) {
    self.conditions = conditions
    self.container = container
    self.includesSubtree = includesSubtree
  }

  /// The search in words, for its cursors.
  public var text: String {
    let place = container.map { "\($0)".lowercased() } ?? ""
    return "\(Attribute.displayName.rawValue) \(place)\n\(includesSubtree) "
      + conditions.map(\.description).joined(separator: ", ")
  }
}
