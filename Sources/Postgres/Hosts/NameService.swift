import Glibc

/// The system's look-up of host names.
enum NameService {
  struct Failure: Error { let message: String }

  /// The numeric addresses of a name, in the order in which to try them. Blocks.
  static func addresses(of name: String) -> Result<[String], Failure> {
    var hints = addrinfo()
    hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    var list: UnsafeMutablePointer<addrinfo>?
    let code = getaddrinfo(name, nil, &hints, &list)
    guard code == 0 else { return .failure(Failure(message: String(cString: gai_strerror(code)))) }
    defer { freeaddrinfo(list) }
    var found: [String] = []
    var entry = list
    while let address = entry?.pointee {
      var text = [CChar](repeating: 0, count: Int(NI_MAXHOST))
      let length = socklen_t(text.count)
      if getnameinfo(address.ai_addr, address.ai_addrlen, &text, length, nil, 0, NI_NUMERICHOST) == 0 {
        let numeric = String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
        if !found.contains(numeric) { found.append(numeric) }
      }
      entry = address.ai_next
    }
    return .success(found)
  }

  /// Whether a name is a numeric address, which is not looked up.
  static func isNumeric(_ name: String) -> Bool {
    var hints = addrinfo()
    hints.ai_flags = AI_NUMERICHOST
    var list: UnsafeMutablePointer<addrinfo>?
    guard getaddrinfo(name, nil, &hints, &list) == 0 else { return false }
    freeaddrinfo(list)
    return true
  }
}
