import Domain
import Foundation
import TestRandom
import Testing

@Suite("Attributes at random")
struct AttributesFuzzTests {
  private static let fragments = [
    "JobName", "displayName", "JobID", "JobCategory", "JobType", "JobCreationTime", "LastRunStatus",
    "LastRunDate",
    " = ", "=", "!=", " Contains ", " StartsWith ", "EndsWith", "<", ">=", ",", ", ", "(", ")", "\\", "*",
    "\"", "'",
    " ", "\t", "\r\n", "\0", "audit", "Completed", "System", "CollectionJob", "2019-01-05T04:10:27.5-08:00",
    "6f9619ff-8b86-d011-b42d-00c04fc964ff", "{", "}", "é", "\u{301}", "🗝", "\u{85}", "0", "\u{200d}",
  ]

  @Test("No text makes the parser trap, and every error is about a place within the text or at its end")
  func neverTraps() throws {
    var random = SeededRandom(seed: 3)
    for _ in 0..<20_000 {
      let count = Int.random(in: 0...12, using: &random)
      let text = (0..<count).map { _ in Self.fragments.randomElement(using: &random)! }.joined()
      do {
        try Self.expectRoundTrip(try JobCondition.parse(text), from: text)
      } catch let error as AttributesError {
        guard (1...text.unicodeScalars.count + 1).contains(error.position), !error.found.isEmpty else {
          Issue.record("\(text.debugDescription): \(error)")
          return
        }
      }
    }
  }

  @Test("Conditions that differ from valid ones in one character never trap, and read back if they are valid")
  func mutations() throws {
    var random = SeededRandom(seed: 4)
    var validCount = 0
    for _ in 0..<20_000 {
      let conditions = (0..<Int.random(in: 1...3, using: &random)).map { _ in Self.condition(using: &random) }
      var text = Array("(\(conditions.map(\.description).joined(separator: ", ")))".unicodeScalars)
      let place = Int.random(in: 0..<text.count, using: &random)
      let replacement = Self.fragments.randomElement(using: &random)!.unicodeScalars.first!
      if Bool.random(using: &random) {
        text[place] = replacement
      } else {
        text.insert(replacement, at: place)
      }
      var changed = String.UnicodeScalarView()
      changed.append(contentsOf: text)
      if let parsed = try? JobCondition.parse(String(changed)) {
        validCount += 1
        try Self.expectRoundTrip(parsed, from: String(changed))
      }
    }
    #expect(validCount > 1000)
  }

  @Test("Any list of conditions is read back from what it prints")
  func roundTrip() throws {
    var random = SeededRandom(seed: 5)
    for _ in 0..<5000 {
      let conditions = (0..<Int.random(in: 0...8, using: &random)).map { _ in Self.condition(using: &random) }
      try Self.expectRoundTrip(conditions, from: "a list")
    }
  }

  private static func expectRoundTrip(_ conditions: [JobCondition], from text: String) throws {
    let printed = conditions.map(\.description).joined(separator: ", ")
    // What is printed may be longer than the text, because each value is in quotes.
    guard printed.unicodeScalars.count <= 2000 else { return }
    let parsed = Result { try JobCondition.parse(printed) }
    guard case .success(conditions) = parsed.mapError({ $0 as! AttributesError }) else {
      Issue.record("\(text.debugDescription) printed \(printed.debugDescription), read back as \(parsed)")
      return
    }
  }

  private static func condition(using random: inout SeededRandom) -> JobCondition {
    switch Int.random(in: 0...3, using: &random) {
    case 0:
      let seconds = Int.random(in: -62_135_596_800...253_402_300_799, using: &random)
      return .time(
        [JobAttribute.jobCreationTime, .jobModifiedTime, .lastRunDate].randomElement(using: &random)!,
        Comparison.allCases.randomElement(using: &random)!,
        Date(timeIntervalSince1970: Double(seconds) + Double(Int.random(in: 0...7, using: &random)) / 8))
    case 1:
      let bytes = (0..<8).map { _ in UInt8.random(in: 0...255, using: &random) }
      return .identifier(
        .jobID,
        Equality.allCases.randomElement(using: &random)!,
        UUID(
          uuid: (
            bytes[0], bytes[1], bytes[2], bytes[3], bytes[4], bytes[5], bytes[6], bytes[7],
            0, 1, 2, 3, 4, 5, 6, 7
          )))
    case 2:
      let attribute: JobAttribute = Bool.random(using: &random) ? .lastRunStatus : .jobCategory
      let word = attribute == .jobCategory ? "UserDefined" : "Aborted"
      return .text(
        attribute, Bool.random(using: &random) ? .equals : .notEquals, TextPattern([.literal(word)]))
    default:
      let textOperator = TextOperator.allCases.randomElement(using: &random)!
      let hasWildcards = textOperator == .equals || textOperator == .notEquals
      let pieces: [TextPattern.Piece] = (0..<Int.random(in: 0...5, using: &random)).map { _ in
        let fragment = fragments.randomElement(using: &random)!
        return hasWildcards && Int.random(in: 0...2, using: &random) == 0
          ? .any : .literal(fragment == "\0" ? "nul" : fragment)
      }
      return .text(.jobName, textOperator, TextPattern(pieces))
    }
  }
}
