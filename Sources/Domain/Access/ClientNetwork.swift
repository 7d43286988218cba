import Glibc

/// Who is treated as one client: an IPv4 address, or the /64 network of an IPv6 address, all of whose addresses
/// are usually one subscriber's (RFC 6177).
public struct ClientNetwork: Sendable, Hashable, CustomStringConvertible {
  /// `192.0.2.1` or `2001:db8:0:1::/64`.
  public let description: String

  /// - Parameter address: As text; whatever is no IPv6 address stands for itself.
  public init(address: String) {
    var bytes = in6_addr()
    guard address.contains(":"), inet_pton(AF_INET6, address, &bytes) == 1 else {
      description = address
      return
    }
    _ = withUnsafeMutableBytes(of: &bytes) { $0[8...].initializeMemory(as: UInt8.self, repeating: 0) }
    var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
    inet_ntop(AF_INET6, &bytes, &text, socklen_t(text.count))
    description =
      String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self) + "/64"
  }
}
