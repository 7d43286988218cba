import Glibc

/// The TCP socket that clients connect to. It outlives the daemons that accept on it, one after the other.
public struct ListeningSocket: Sendable {
  public enum Failure: Error, CustomStringConvertible {
    case badAddress(String)
    case system(call: String, address: String, port: Int, code: Int32)

    /// Whether it may go by itself: another program has the port, or the network is not up yet.
    public var isTemporary: Bool {
      guard case .system(_, _, _, let code) = self else { return false }
      return code == EADDRINUSE || code == EADDRNOTAVAIL
    }

    public var description: String {
      switch self {
      case .badAddress(let address): "\(address) is not an IPv4 or IPv6 address"
      case .system(let call, let address, let port, let code):
        "cannot listen on \(address) port \(port): \(call): \(String(cString: strerror(code)))"
      }
    }
  }

  public let descriptor: Int32
  /// The port in use, even if 0 was requested.
  public let port: Int

  /// - Parameters:
  ///   - address: IPv4 or IPv6; `::` accepts IPv4 as well.
  ///   - port: 0...65535; 0 for any free port.
  ///   - backlog: Maximum number of connections that wait to be accepted.
  public static func open(address: String, port: Int, backlog: Int) throws(Failure) -> ListeningSocket {
    var storage = sockaddr_storage()
    let length: socklen_t
    let family: Int32
    var four = in_addr()
    var six = in6_addr()
    if inet_pton(AF_INET6, address, &six) == 1 {
      family = AF_INET6
      length = socklen_t(MemoryLayout<sockaddr_in6>.size)
      withUnsafeMutableBytes(of: &storage) {
        $0.storeBytes(
          of: sockaddr_in6(
            sin6_family: sa_family_t(AF_INET6), sin6_port: in_port_t(UInt16(port)).bigEndian,
            sin6_flowinfo: 0,
            sin6_addr: six, sin6_scope_id: 0), as: sockaddr_in6.self)
      }
    } else if inet_pton(AF_INET, address, &four) == 1 {
      family = AF_INET
      length = socklen_t(MemoryLayout<sockaddr_in>.size)
      withUnsafeMutableBytes(of: &storage) {
        $0.storeBytes(
          of: sockaddr_in(
            sin_family: sa_family_t(AF_INET), sin_port: in_port_t(UInt16(port)).bigEndian, sin_addr: four,
            sin_zero: (0, 0, 0, 0, 0, 0, 0, 0)), as: sockaddr_in.self)
      }
    } else {
      throw .badAddress(address)
    }

    func failure(_ call: String) -> Failure { .system(call: call, address: address, port: port, code: errno) }
    let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
    let descriptor = socket(family, type, 0)
    guard descriptor >= 0 else {
      // A machine without IPv6 still has all of its IPv4 addresses.
      guard family == AF_INET6, address == "::", errno == EAFNOSUPPORT else { throw failure("socket") }
      return try open(address: "0.0.0.0", port: port, backlog: backlog)
    }
    var on: Int32 = 1
    var off: Int32 = 0
    setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, socklen_t(MemoryLayout<Int32>.size))
    if family == AF_INET6 {
      setsockopt(descriptor, Int32(IPPROTO_IPV6), IPV6_V6ONLY, &off, socklen_t(MemoryLayout<Int32>.size))
    }
    let bound = withUnsafePointer(to: &storage) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, length) }
    }
    guard bound == 0, listen(descriptor, Int32(backlog)) == 0 else {
      let problem = failure(bound == 0 ? "listen" : "bind")
      Glibc.close(descriptor)
      throw problem
    }
    var actual = sockaddr_storage()
    var actualLength = socklen_t(MemoryLayout<sockaddr_storage>.size)
    _ = withUnsafeMutablePointer(to: &actual) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &actualLength) }
    }
    // The port is at the same offset in both kinds of address.
    let actualPort = withUnsafeBytes(of: &actual) {
      Int(UInt16(bigEndian: $0.loadUnaligned(fromByteOffset: 2, as: UInt16.self)))
    }
    return ListeningSocket(descriptor: descriptor, port: actualPort)
  }

  /// Refuses connections from now on, also through duplicates of the descriptor.
  public func close() {
    shutdown(descriptor, Int32(SHUT_RDWR))
    Glibc.close(descriptor)
  }

  /// A peer's address as text; an IPv4-mapped IPv6 address as IPv4.
  static func text(of address: UnsafePointer<sockaddr>?) -> String {
    guard let address else { return "unknown" }
    var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
    switch Int32(address.pointee.sa_family) {
    case AF_INET:
      address.withMemoryRebound(to: sockaddr_in.self, capacity: 1) {
        var four = $0.pointee.sin_addr
        _ = inet_ntop(AF_INET, &four, &text, socklen_t(text.count))
      }
    case AF_INET6:
      address.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) {
        var six = $0.pointee.sin6_addr
        _ = inet_ntop(AF_INET6, &six, &text, socklen_t(text.count))
      }
    default: return "unknown"
    }
    let string = String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    return string.hasPrefix("::ffff:") ? String(string.dropFirst(7)) : string
  }
}
