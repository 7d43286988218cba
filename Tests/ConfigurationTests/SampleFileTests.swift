import FoundationEssentials
import Testing

@testable import ccs_jobstore

@Suite("The sample configuration file")
struct SampleFileTests {
  private static let path = URL(filePath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .appending(path: "config/ccs-jobstore.json5").path

  private static func text() throws -> String {
    String(decoding: try Data(contentsOf: URL(filePath: path)), as: UTF8.self)
  }

  /// The sample with all its keys set. A key that is commented out follows its slashes directly, a comment follows a
  /// space.
  private static func textWithKeys() throws -> String {
    let lines = try text().split(separator: "\n", omittingEmptySubsequences: false).map { line in
      let indent = line.prefix { $0 == " " }
      let content = line.dropFirst(indent.count)
      let isKey = content.hasPrefix("//") && content.dropFirst(2).first?.isLetter == true
      return isKey ? "\(indent)\(content.dropFirst(2))" : String(line)
    }
    return lines.joined(separator: "\n")
  }

  @Test("Every key stands in the sample with its default, and nothing else does")
  func keysAndDefaults() throws {
    let sample = leaves(of: try JSON5Text.decode(try Self.textWithKeys()))
    let table = Dictionary(uniqueKeysWithValues: Setting.all.map { ($0.key, $0.defaultValue) })
    #expect(sample.keys.sorted() == table.keys.sorted())
    for (key, value) in sample { #expect(value == table[key], "\(key)") }
  }

  @Test("The two lines above a key say what it means, what it may be and when a change counts")
  func documentation() throws {
    let text = try Self.textWithKeys()
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    let outline = JSON5Outline(text)
    for setting in Setting.all {
      let line = try #require(outline.keys.first { $0.path == setting.key }?.line, "\(setting.key)")
      let comment = lines[(line - 3)..<(line - 1)].map { $0.drop { $0 == " " } }
      let range = setting.expectation.prefix(1).uppercased() + setting.expectation.dropFirst()
      #expect(comment == ["// \(setting.description)", "// \(range); \(setting.effect.rawValue)."])
    }
  }

  @Test("The sample sets no key, so that an installed one follows the defaults of its version")
  func setsNothing() throws {
    #expect(leaves(of: try JSON5Text.decode(try Self.text())).isEmpty)
    #expect(try Configuration.load(file: Self.path, environment: [:]) == Configuration())
  }

  private func leaves(of value: JSONValue, under path: String = "") -> [String: JSONValue] {
    guard case .object(let members) = value else { return [path: value] }
    return members.reduce(into: [:]) { found, member in
      let nested = leaves(of: member.value, under: path.isEmpty ? member.key : "\(path).\(member.key)")
      found.merge(nested) { first, _ in first }
    }
  }
}
