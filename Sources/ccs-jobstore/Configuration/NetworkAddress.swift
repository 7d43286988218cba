import Glibc

enum NetworkAddress {
  /// Whether a text is a numeric IPv4 or IPv6 address (RFC 4291, section 2.2), without brackets or zone.
  static func isNumeric(_ text: String) -> Bool {
    var address = in6_addr()
    return inet_pton(AF_INET, text, &address) == 1 || inet_pton(AF_INET6, text, &address) == 1
  }
}
