import COpenSSL
import FoundationEssentials

/// A bearer token: 256 random bits, sent as 43 characters of base64url (RFC 4648, section 5), kept as SHA-256.
struct Token: Sendable {
  let text: String

  static func random() throws -> Token {
    let base64 = Data(try randomBytes(32)).base64EncodedString()
    let text = base64.compactMap { character -> Character? in
      switch character {
      case "+": "-"
      case "/": "_"
      case "=": nil
      default: character
      }
    }
    return Token(text: String(text))
  }

  init(text: String) { self.text = text }

  /// What the store knows of the token.
  var hash: [UInt8] { sha256(Array(text.utf8)) }
}

func sha256(_ bytes: [UInt8]) -> [UInt8] {
  var digest = [UInt8](repeating: 0, count: Int(SHA256_DIGEST_LENGTH))
  SHA256(bytes, bytes.count, &digest)
  return digest
}
