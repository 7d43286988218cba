/// A search for assets or standards: its conditions and its folder.
public struct InventorySearch<Attribute: SearchAttribute>: Sendable, Equatable {
  public let conditions: [Condition<Attribute>]
  /// nil: everywhere.
  public let container: ContainerPath?
  /// Whether it includes the folders below the container.
  public let includesSubtree: Bool

  public init(conditions: [Condition<Attribute>], container: ContainerPath?, includesSubtree: Bool) {
    self.conditions = conditions
    self.container = container
    self.includesSubtree = includesSubtree
  }

  /// The search as text, for its cursors.
  public var text: String {
    let place = container.map { NameRules.key(of: "\($0)") } ?? ""
    return "\(Attribute.displayName.rawValue) \(place)\n\(includesSubtree) "
      + conditions.map(\.description).joined(separator: ", ")
  }
}
