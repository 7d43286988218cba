import Glibc

/// Whose logins are counted together: an IPv4 address, or the /64 network of an IPv6 address, all of whose addresses
/// are usually one subscriber's (RFC 6177).
struct ClientNetwork: Sendable, Hashable, CustomStringConvertible {
  let description: String

  /// - Parameter address: As text; whatever is no IPv6 address stands for itself.
  init(address: String) {
    var bytes = in6_addr()
    guard address.contains(":"), inet_pton(AF_INET6, address, &bytes) == 1 else {
      description = address
      return
    }
    let network = withUnsafeBytes(of: bytes) { $0.prefix(8).flatMap { [$0 >> 4, $0 & 15] } }
    description = network.map { String($0, radix: 16) }.joined() + "/64"
  }
}
