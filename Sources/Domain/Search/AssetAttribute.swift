/// The attributes in searches for assets.
public enum AssetAttribute: String, SearchAttribute {
  case assetName = "AssetName"
  case assetID = "AssetID"
  case assetType = "AssetType"

  public var kind: AttributeKind { self == .assetID ? .identifier : .text(.any) }

  public static let displayName = AssetAttribute.assetName
}
