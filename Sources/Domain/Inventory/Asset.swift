import FoundationEssentials

/// Something that jobs collect data from, as a search returns it.
public struct Asset: Sendable, Equatable {
  public var id: UUID
  public var name: String
  public var type: String
  public var container: ContainerPath

  public init(id: UUID, name: String, type: String, container: ContainerPath) {
    self.id = id
    self.name = name
    self.type = type
    self.container = container
  }
}
