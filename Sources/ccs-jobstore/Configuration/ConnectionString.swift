enum ConnectionString {
  /// Whether a libpq connection string contains a password.
  ///
  /// The keyword form has `password=` or `sslpassword=`, with optional spaces around the sign; a URI has it in its
  /// query, or after the user's name.
  static func carriesPassword(_ connection: String) -> Bool {
    if connection.filter({ !$0.isWhitespace }).contains("password=") { return true }
    for scheme in ["postgresql://", "postgres://"] where connection.hasPrefix(scheme) {
      let authority = connection.dropFirst(scheme.count).prefix { $0 != "/" && $0 != "?" }
      guard let end = authority.lastIndex(of: "@") else { return false }
      return authority[..<end].contains(":")
    }
    return false
  }
}
