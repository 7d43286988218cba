/// One place where a database may be: of several hosts of a connection string, or of several addresses of a name.
struct Host: Sendable, Hashable {
  /// A name, a numeric address, or the folder of a Unix socket; empty for libpq's default.
  var name = ""
  /// A numeric address. libpq resolves nothing then, and compares a server's certificate with the name.
  var address = ""
  /// Empty for libpq's default.
  var port = ""

  /// libpq would look the name up, and block meanwhile.
  var needsLookup: Bool {
    address.isEmpty && !name.isEmpty && name.first != "/" && name.first != "@" && !NameService.isNumeric(name)
  }

  /// Its parameters for `PQconnectStartParams`, which takes an empty value for none.
  var parameters: [(keyword: String, value: String)] {
    [("host", name), ("hostaddr", address), ("port", port)]
  }

  /// For messages.
  var description: String {
    let place = [name, address].filter { !$0.isEmpty }.joined(separator: " at ")
    return (place.isEmpty ? "the local socket" : place) + (port.isEmpty ? "" : ", port \(port)")
  }
}
