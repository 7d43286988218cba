import Glibc

/// A file that a setting names.
struct NamedFile {
  let key: String
  let path: String

  /// Where systemd puts a unit's credentials when it starts the unit (systemd.exec(5)).
  private static let credentials = "/run/credentials/"

  /// Why this process cannot read it; nil if it can.
  private var fault: String? {
    guard access(path, R_OK) == 0 else { return String(cString: strerror(errno)) }
    var status = stat()
    guard stat(path, &status) == 0, status.st_mode & S_IFMT != S_IFDIR else { return "it is a folder" }
    return nil
  }

  var problem: ConfigurationError.Problem? {
    fault.map {
      .init(
        subject: .key(key), fault: "names \(path), which cannot be read (\($0))",
        remedy: "it must be a file that the service's user may read")
    }
  }

  /// Whether it is a credential of systemd that this process does not see: the unit does not run, or this is not its user.
  var isHiddenCredential: Bool {
    guard path.hasPrefix(Self.credentials), let end = path.lastIndex(of: "/") else { return false }
    return access(String(path[..<end]), R_OK | X_OK) != 0
  }
}
