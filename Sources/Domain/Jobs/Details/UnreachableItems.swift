import FoundationEssentials

/// Assets and standards that a job refers to and must not.
public struct UnreachableItems: Sendable, Equatable {
  /// They do not exist.
  public var missingAssets: Set<UUID>
  public var missingStandards: Set<UUID>
  /// They are in folders that the caller has no access to.
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
