/// The description of all that is served, OpenAPI 3.1, as it is sent.
enum OpenAPIDocument {
  static let bytes: [UInt8] = PackageResources.openapi_json
}
