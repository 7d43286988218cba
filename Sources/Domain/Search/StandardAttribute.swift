/// The attributes in searches for standards.
public enum StandardAttribute: String, SearchAttribute {
  case standardName = "StandardName"
  case standardID = "StandardID"
  case standardVersion = "StandardVersion"

  public var kind: AttributeKind { self == .standardID ? .identifier : .text(.any) }

  public static let displayName = StandardAttribute.standardName
}
