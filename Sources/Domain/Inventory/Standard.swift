import FoundationEssentials

/// What assets are evaluated against, as a search returns it.
public struct Standard: Sendable, Equatable {
  public var id: UUID
  public var name: String
  public var version: String
  public var container: ContainerPath

  public init(id: UUID, name: String, version: String, container: ContainerPath) {
    self.id = id
    self.name = name
    self.version = version
    self.container = container
  }
}
