import FoundationEssentials

/// Assets and standards that a job cannot name.
public struct UnreachableItems: Sendable, Equatable {
  /// There are none of these GUIDs.
  public var missingAssets: Set<UUID>
  public var missingStandards: Set<UUID>
  /// They lie in folders that are not open to the caller.
  public var closedAssets: Set<UUID>
  public var closedStandards: Set<UUID>

  public init(
    missingAssets: Set<UUID>, missingStandards: Set<UUID>, closedAssets: Set<UUID>, closedStandards: Set<UUID>
  ) {
    self.missingAssets = missingAssets
    self.missingStandards = missingStandards
    self.closedAssets = closedAssets
    self.closedStandards = closedStandards
  }
}
