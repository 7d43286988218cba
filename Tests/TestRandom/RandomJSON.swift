extension SeededRandom {
  /// A text of characters that are troublesome in JSON.
  public mutating func text() -> String {
    let pool: [Unicode.Scalar] = [
      "a", "Z", "0", " ", "\"", "\\", "/", "\n", "\r", "\t", "\u{8}", "\u{C}", "\u{1}", "\u{1F}", "\u{7F}",
      "\u{80}", "ä", "\u{7FF}", "\u{800}", "€", "\u{D7FF}", "\u{E000}", "\u{FFFF}", "😀", "\u{10FFFF}", "{",
      "}", "[", "]", ",", ":",
    ]
    var text = ""
    for _ in 0..<Int.random(in: 0...12, using: &self) {
      text.unicodeScalars.append(pool.randomElement(using: &self)!)
    }
    return text
  }

  /// A text as JSON, each character escaped or not, as chance has it.
  public mutating func json(_ text: String) -> String {
    var json = "\""
    for scalar in text.unicodeScalars {
      let mustEscape = scalar.value < 0x20 || scalar == "\"" || scalar == "\\"
      if !mustEscape, Bool.random(using: &self) {
        json.unicodeScalars.append(scalar)
      } else if scalar.value < 0x80, let short = Self.short[scalar], Bool.random(using: &self) {
        json += "\\" + short
      } else {
        for unit in String(scalar).utf16 {
          let digits = String(unit, radix: 16, uppercase: Bool.random(using: &self))
          json += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
        }
      }
    }
    return json + "\""
  }

  private static let short: [Unicode.Scalar: String] = [
    "\"": "\"", "\\": "\\", "/": "/", "\n": "n", "\r": "r", "\t": "t", "\u{8}": "b", "\u{C}": "f",
  ]

  /// White space, or none.
  public mutating func space() -> String {
    ["", "", "", " ", "\t", "\r", " \n "].randomElement(using: &self)!
  }

  /// Any JSON value.
  public mutating func value(depth: Int = 0) -> String {
    switch Int.random(in: depth < 4 ? 0...7 : 0...4, using: &self) {
    case 0: return ["null", "true", "false"].randomElement(using: &self)!
    case 1: return String(Int.random(in: -1_000_000...1_000_000, using: &self))
    case 2:
      return ["0", "-0", "1.5", "-0.25e3", "1E+2", "7e-3", "12345678901234567890"].randomElement(
        using: &self)!
    case 3, 4:
      let text = self.text()
      return json(text)
    case 5, 6:
      let elements = (0..<Int.random(in: 0...3, using: &self)).map { _ in
        space() + value(depth: depth + 1) + space()
      }
      return "[" + (elements.isEmpty ? space() : elements.joined(separator: ",")) + "]"
    default:
      // Each name once: what a decoder makes of two is its own affair.
      let members = (0..<Int.random(in: 0...3, using: &self)).map { number in
        let name = "\(number)" + text()
        return space() + json(name) + space() + ":" + space() + value(depth: depth + 1) + space()
      }
      return "{" + (members.isEmpty ? space() : members.joined(separator: ",")) + "}"
    }
  }
}
