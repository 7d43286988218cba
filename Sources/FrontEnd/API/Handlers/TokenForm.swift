import Authorization
import FoundationEssentials
import HTTPServer
import JSON

/// The fields of a token request, from a form or from a JSON object.
///
/// The known clients send a form that is not URL-encoded under `Content-Type: application/json`, so the body
/// itself says which of the two it is. A `+` in the password is a `+` even where a form would make it a space:
/// Base64 has no space.
struct TokenForm {
  struct Mistake: Error, Equatable {
    /// RFC 6749, section 5.2.
    let code: String
    let description: String
  }

  private static let names = ["grant_type", "username", "password", "refresh_token", "token"]

  private let fields: [String: String]

  init(_ body: [UInt8]) throws(Mistake) {
    let start = body.firstIndex { $0 != 0x20 && !(0x09...0x0D).contains($0) } ?? body.endIndex
    if body[start...].first == UInt8(ascii: "{") {
      guard case .object(let members)? = try? JSONNode(json: body) else {
        throw Self.invalid("The body is not a JSON object.")
      }
      var fields: [String: String] = [:]
      for (name, member) in members where Self.names.contains(name.lowercased()) {
        guard let text = Self.text(member) else {
          throw Self.invalid("\(name.lowercased()) is not a string.")
        }
        guard fields.updateValue(text, forKey: name.lowercased()) == nil else {
          throw Self.invalid("\(name.lowercased()) is given more than once.")
        }
      }
      self.fields = fields
    } else {
      let parameters = Parameters(body)
      var fields: [String: String] = [:]
      for name in Self.names {
        do throws(Parameters.Mistake) {
          fields[name] = try parameters(name)
        } catch {
          throw Self.invalid("\(name) \(error == .repeated ? "is given more than once" : "is malformed").")
        }
      }
      self.fields = fields
    }
  }

  /// A string; `null` is as good as an empty one.
  private static func text(_ member: JSONNode) -> String? {
    switch member {
    case .text(let text): text
    case .null: ""
    default: nil
    }
  }

  func grant() throws(Mistake) -> TokenGrant {
    switch try field("grant_type").trimmed.lowercased() {
    case "password":
      let userName = try field("username")
      guard let password = Self.decode(base64: try field("password").utf8), password.count <= 1024 else {
        throw Self.invalid("password is not Base64 of at most 1024 bytes.")
      }
      // Counting characters takes long, and these bytes are from anybody.
      guard userName.utf8.count <= 1024, userName.count <= 256 else {
        throw Self.invalid("username is longer than 256 characters.")
      }
      return .password(userName: userName, password: password)
    case "refresh_token":
      return .refresh(token: try field("refresh_token"))
    default:
      throw Mistake(
        code: "unsupported_grant_type", description: "grant_type must be password or refresh_token.")
    }
  }

  /// RFC 7009, section 2.1.
  func revokedToken() throws(Mistake) -> String { try field("token") }

  private func field(_ name: String) throws(Mistake) -> String {
    guard let value = fields[name], !value.isEmpty else { throw Self.invalid("\(name) is missing.") }
    return value
  }

  /// Standard Base64, with or without its padding; line breaks and tabs are ignored, and a space is a `+` that was
  /// decoded as in a form.
  private static func decode(base64: some Collection<UInt8>) -> [UInt8]? {
    let significant = base64.lazy.filter { !(0x09...0x0D).contains($0) }
      .map { $0 == UInt8(ascii: " ") ? UInt8(ascii: "+") : $0 }
    let bare = Array(significant.prefix { $0 != UInt8(ascii: "=") })
    guard bare.count % 4 != 1, significant.dropFirst(bare.count).allSatisfy({ $0 == UInt8(ascii: "=") })
    else {
      return nil
    }
    let padding = [UInt8](repeating: UInt8(ascii: "="), count: (4 - bare.count % 4) % 4)
    return Data(base64Encoded: Data(bare + padding)).map(Array.init)
  }

  private static func invalid(_ description: String) -> Mistake {
    Mistake(code: "invalid_request", description: description)
  }
}
