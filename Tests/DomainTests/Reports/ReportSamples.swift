import Foundation

@testable import Domain

/// What a reader has made of one line, kept beyond the line.
struct ReadLine: Equatable {
  var time: Int64?
  var assetID: UUID?
  var standardID: UUID?
  var texts: [String: String] = [:]
  var problems: [String] = []
}

/// Reads one line with a reader of its own.
func readLine(
  _ text: some Sequence<UInt8>, as kind: ReportKind,
  limits: ReportLineReader.Limits = .init(rowBytes: 1 << 20, messageCharacters: 10_000)
) -> ReadLine {
  let reader = ReportLineReader(kind, limits: limits)
  let problems = JSONProblems()
  return Array(text).withUnsafeBytes { bytes in
    guard reader.read(bytes, number: 7, problems) else {
      return ReadLine(problems: problems.all.map { "\($0.pointer) \($0.sentence)" })
    }
    let row = reader.row
    var read = ReadLine(time: row.time, assetID: row.assetID, standardID: row.standardID)
    let texts = [
      "StandardVersion": row.standardVersion, "CheckID": row.checkID, "Outcome": row.outcome,
      "Evidence": row.evidence, "Severity": row.severity, "Message": row.message, "Data": row.data,
    ]
    for (name, text) in texts { if let text { read.texts[name] = String(decoding: text, as: UTF8.self) } }
    return read
  }
}

/// Random numbers that are the same in every run (SplitMix64), so that a failure can be looked at again.
struct SameRandom: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }

  /// A text of characters that are troublesome in JSON.
  mutating func text() -> String {
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
  mutating func json(_ text: String) -> String {
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
  mutating func space() -> String { ["", "", "", " ", "\t", "\r", " \n "].randomElement(using: &self)! }

  /// Any JSON value.
  mutating func value(depth: Int = 0) -> String {
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
