import FoundationEssentials

/// A request with its whole body.
struct Request: Sendable {
  /// Made here; the client finds it in `X-Request-ID`.
  let id: UUID
  let method: String
  let target: Target
  let headers: Headers
  let body: [UInt8]
  /// The client's address.
  let peer: String

  /// The token of `Authorization: Bearer …` (RFC 6750, section 2.1).
  var bearer: String? {
    let values = headers.values("Authorization")
    guard values.count == 1 else { return nil }
    let value = values[0].drop { $0 == " " }
    guard let space = value.utf8.firstIndex(of: UInt8(ascii: " ")),
      value[..<space].equalsIgnoringASCIICase("Bearer")
    else { return nil }
    let token = value[space...].trimmed
    return token.isEmpty ? nil : String(token)
  }

  /// Whether the client prefers a representation to an empty answer (RFC 7240, section 4.2). Of several preferences
  /// for the same thing the first counts (section 2).
  var prefersRepresentation: Bool {
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
