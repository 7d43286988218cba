import FoundationEssentials

/// The roots of the two folder trees.
public enum FolderRoot: String, Sendable, CaseIterable, Codable {
  case assetSystem = "Asset System"
  case standards = "Standards"

  /// The root's identifier, the same in every installation.
  public var id: UUID {
    switch self {
    case .assetSystem: UUID(uuid: (0xA5, 0x5E, 0x70, 0, 0, 0, 0x40, 0, 0x80, 0, 0, 0, 0, 0, 0, 1))
    case .standards: UUID(uuid: (0x57, 0xA2, 0xDA, 0x2D, 0, 0, 0x40, 0, 0x80, 0, 0, 0, 0, 0, 0, 1))
    }
  }
}
