/// The version of this build. The OpenAPI document and the package take theirs from here; `scripts/lib/check-versions`
/// compares the schema's release with it.
enum Version {
  static let text = "1.0.0"
}
