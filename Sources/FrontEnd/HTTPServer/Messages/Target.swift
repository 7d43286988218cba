/// The target of a request (RFC 9112, section 3.2).
public struct Target: Sendable {
  /// Those of the path, decoded, without empty ones; nil if the path is malformed.
  public let segments: [String]?
  /// As it was sent, without the question mark.
  public let query: [UInt8]

  /// - Parameter bytes: As the client sent it.
  public init(_ bytes: some BidirectionalCollection<UInt8>) {
    var path = bytes[...]
    var query = bytes[bytes.endIndex...]
    if let mark = bytes.firstIndex(of: UInt8(ascii: "?")) {
      path = bytes[..<mark]
      query = bytes[bytes.index(after: mark)...]
    }
    // The absolute form, as proxies send it.
    if path.first != UInt8(ascii: "/"), let scheme = path.firstRange(of: Array("://".utf8)) {
      let rest = path[scheme.upperBound...]
      path = rest.firstIndex(of: UInt8(ascii: "/")).map { rest[$0...] } ?? path[path.endIndex...]
    }
    let parts = path.split(separator: UInt8(ascii: "/"))
    let decoded = parts.compactMap { PercentEncoding.decode($0, plusIsSpace: false) }
    segments = decoded.count == parts.count ? decoded : nil
    self.query = Array(query)
  }
}
