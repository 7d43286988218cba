/// The version of this build.
enum Version {
  static let text = "1.0.0"
}
