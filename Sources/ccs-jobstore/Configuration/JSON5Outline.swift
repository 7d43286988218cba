/// The brackets that are open at the end of a JSON5 text, and the line of each key. The decoder reports neither.
/// Strings and comments are recognized; nothing else is checked.
struct JSON5Outline {
  /// What the text ends in.
  enum Place: Equatable {
    case between
    case string(quote: UInt8)
    case lineComment
    case blockComment
  }

  private(set) var place = Place.between
  /// The keys in the order of the text, nested by dots, with their lines from 1.
  private(set) var keys: [(path: String, line: Int)] = []

  private var line = 1
  private var open: [(closing: Character, path: String)] = []
  /// The text since the last punctuation; a colon makes it a key.
  private var token: [UInt8] = []
  private var currentPath = ""

  init(_ text: some StringProtocol) {
    let bytes = Array(text.utf8)
    var index = 0
    while index < bytes.count {
      let following = index + 1 < bytes.count ? bytes[index + 1] : nil
      if bytes[index] == UInt8(ascii: "\n") { line += 1 }
      index += take(bytes[index], following: following)
    }
  }

  /// The brackets that close all open ones.
  var closing: String { String(open.reversed().map(\.closing)) }

  /// Keys that occur twice in one object, with the line of the second. The decoder would use either and not
  /// say which.
  var repeatedKeys: [(path: String, line: Int)] {
    var seen: Set<String> = []
    return keys.filter { !seen.insert($0.path).inserted }
  }

  /// - Returns: The bytes consumed, 1 or 2.
  private mutating func take(_ byte: UInt8, following: UInt8?) -> Int {
    switch place {
    case .string(let quote):
      if byte == quote {
        place = .between
      } else if byte == UInt8(ascii: "\\"), following != UInt8(ascii: "\n") {
        return 2
      } else {
        token.append(byte)
      }
    case .lineComment:
      if byte == UInt8(ascii: "\n") { place = .between }
    case .blockComment:
      if byte == UInt8(ascii: "*"), following == UInt8(ascii: "/") {
        place = .between
        return 2
      }
    case .between:
      return takeBetween(byte, following: following)
    }
    return 1
  }

  private mutating func takeBetween(_ byte: UInt8, following: UInt8?) -> Int {
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "'"):
      token = []
      place = .string(quote: byte)
    case UInt8(ascii: "/") where following == UInt8(ascii: "/"):
      place = .lineComment
      return 2
    case UInt8(ascii: "/") where following == UInt8(ascii: "*"):
      place = .blockComment
      return 2
    case UInt8(ascii: "{"), UInt8(ascii: "["):
      open.append((byte == UInt8(ascii: "{") ? "}" : "]", currentPath))
      token = []
    case UInt8(ascii: "}"), UInt8(ascii: "]"):
      _ = open.popLast()
      token = []
    case UInt8(ascii: ":"):
      let name = String(decoding: token, as: UTF8.self)
      let enclosing = open.last?.path ?? ""
      currentPath = enclosing.isEmpty ? name : "\(enclosing).\(name)"
      keys.append((currentPath, line))
      token = []
    case UInt8(ascii: ","):
      token = []
    case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\r"), UInt8(ascii: "\n"):
      break
    default:
      token.append(byte)
    }
    return 1
  }
}
