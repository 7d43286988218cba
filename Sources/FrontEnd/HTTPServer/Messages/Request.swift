import FoundationEssentials

/// A request, with its body once that has been read as a whole.
public struct Request: Sendable {
  /// Made by the server; the client finds it in `X-Request-ID`.
  public let id: UUID
  public let method: String
  public let target: Target
  public let headers: Headers
  /// Length of the body as the head states it, in bytes; nil if it comes in chunks.
  public let bodyLength: Int?
  /// Empty until it has been read as a whole.
  public var body: [UInt8]
  /// The client's address.
  public let peer: String

  /// Creates a request; each parameter is the property of its name.
  public init(
    id: UUID, method: String, target: Target, headers: Headers, bodyLength: Int? = 0, body: [UInt8] = [],
    peer: String
  ) {
    self.id = id
    self.method = method
    self.target = target
    self.headers = headers
    self.bodyLength = bodyLength
    self.body = body
    self.peer = peer
  }

  /// The token of `Authorization: Bearer …` (RFC 6750, section 2.1).
  public var bearer: String? {
    let values = headers.values("Authorization")
    guard values.count == 1 else { return nil }
    let value = Substring(values[0].utf8.drop { $0 == UInt8(ascii: " ") })
    guard let space = value.utf8.firstIndex(of: UInt8(ascii: " ")),
      value[..<space].equalsIgnoringASCIICase("Bearer")
    else { return nil }
    let token = value[space...].trimmed
    return token.isEmpty ? nil : String(token)
  }

  /// Whether the client prefers a representation to an empty answer (RFC 7240, section 4.2). Of several preferences
  /// for the same thing the first counts (section 2).
  public var prefersRepresentation: Bool {
    for value in headers.values("Prefer") {
      for item in value.split(separator: ",") {
        let preference = item.split(separator: ";", omittingEmptySubsequences: false)[0]
        let parts = preference.split(separator: "=", maxSplits: 1).map { $0.trimmed }
        guard parts.first?.equalsIgnoringASCIICase("return") == true else { continue }
        return parts.count == 2 && parts[1].trimmingQuotes.equalsIgnoringASCIICase("representation")
      }
    }
    return false
  }
}

extension Substring {
  fileprivate var trimmingQuotes: Substring {
    count >= 2 && first == "\"" && last == "\"" ? dropFirst().dropLast() : self
  }
}
