import CLibPQ
import Glibc

/// A libpq connection string, taken apart.
///
/// Its hosts are tried here, one by one: libpq blocks while it resolves a name, and has no deadline for each host when
/// it is used without blocking. A service file is left to libpq.
struct ConnectionString: Sendable {
  /// At least one.
  let hosts: [Host]
  /// What else it says, by libpq's keywords.
  let options: [String: String]

  /// - Parameter text: Keywords and values, or a URI.
  /// - Throws: With libpq's message, if it is malformed.
  init(_ text: String) throws(ConnectFailure) {
    var options = try Self.parsed(text)
    // Without a host in the string libpq takes it from the environment, and so does this.
    let isService = options["service"] != nil || getenv("PGSERVICE") != nil
    func list(_ keyword: String, _ variable: String) -> [String] {
      let fallback = isService ? nil : getenv(variable).map { String(cString: $0) }
      let value = options.removeValue(forKey: keyword) ?? fallback ?? ""
      return value.isEmpty
        ? [] : value.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    }
    let names = list("host", "PGHOST")
    let addresses = list("hostaddr", "PGHOSTADDR")
    let ports = list("port", "PGPORT")
    let count = max(names.count, addresses.count, 1)
    for (found, what) in [(names.count, "names"), (addresses.count, "addresses")]
    where found != 0 && found != count {
      throw ConnectFailure("the connection string has \(found) \(what) of \(count) hosts")
    }
    guard ports.count <= 1 || ports.count == count else {
      throw ConnectFailure("the connection string has \(ports.count) ports of \(count) hosts")
    }
    hosts = (0..<count).map { index in
      Host(
        name: names.isEmpty ? "" : names[index], address: addresses.isEmpty ? "" : addresses[index],
        port: ports.isEmpty ? "" : ports[ports.count == 1 ? 0 : index])
    }
    self.options = options
  }

  /// Whether only a server that accepts writes will do: of several hosts, unless the string says otherwise.
  var requiresWrites: Bool {
    hosts.count > 1 && options["target_session_attrs"] == nil && getenv("PGTARGETSESSIONATTRS") == nil
  }

  private static func parsed(_ text: String) throws(ConnectFailure) -> [String: String] {
    var message: UnsafeMutablePointer<CChar>?
    guard let list = PQconninfoParse(text, &message) else {
      defer { PQfreemem(message) }
      throw ConnectFailure(message.map { oneLine($0) } ?? "libpq has no memory for a connection string")
    }
    defer { PQconninfoFree(list) }
    var found: [String: String] = [:]
    var option = list
    while let keyword = option.pointee.keyword {
      if let value = option.pointee.val { found[String(cString: keyword)] = String(cString: value) }
      option += 1
    }
    return found
  }
}
