/// What assets are searched by.
public enum AssetAttribute: String, SearchAttribute {
  case assetName = "AssetName"
  case assetID = "AssetID"
  case assetType = "AssetType"

  public var kind: AttributeKind { self == .assetID ? .identifier : .text(.any) }

  public static let displayName = AssetAttribute.assetName
}
