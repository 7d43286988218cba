import Domain
import JSON
import Testing

@testable import Administration

@Suite("Names and paths")
struct NameTests {
  @Test("A user's name has a domain and a user", arguments: ["DEMO\\alice", "d\\u", "Ünï\\cödé with space"])
  func userNames(name: String) {
    #expect(NameRules.rule(brokenByUser: name) == nil)
  }

  @Test(
    "Anything else is no user's name",
    arguments: [
      "", "alice", "DEMOalice", "\\alice", "DEMO\\", "A\\B\\C", "DEMO\\al\tice", " DEMO\\alice",
      "DEMO\\alice ",
      "D\\a\u{7F}", "D\\" + String(repeating: "x", count: 255),
    ])
  func noUserNames(name: String) {
    #expect(NameRules.rule(brokenByUser: name) != nil)
  }

  @Test("A name has up to 256 characters, counted as the database counts them")
  func length() {
    #expect(NameRules.rule(brokenBy: String(repeating: "é", count: 256)) == nil)
    #expect(NameRules.rule(brokenBy: String(repeating: "é", count: 257)) != nil)
    #expect(NameRules.rule(brokenBy: String(repeating: "e\u{301}", count: 129)) != nil)
  }

  @Test("A password has 1...1024 bytes")
  func passwords() {
    #expect(PasswordRules.rule(brokenBy: []) == "must not be empty")
    #expect(PasswordRules.rule(brokenBy: [1]) == nil)
    #expect(PasswordRules.rule(brokenBy: [UInt8](repeating: 1, count: 1024)) == nil)
    #expect(PasswordRules.rule(brokenBy: [UInt8](repeating: 1, count: 1025)) != nil)
  }

  @Test(
    "A path begins at a root, in any case, and keeps its spelling",
    arguments: [
      ("/Asset System", "/Asset System"), ("/asset system/Unix/EMEA", "/Asset System/Unix/EMEA"),
      ("/STANDARDS/", "/Standards"), ("/Standards/CIS/", "/Standards/CIS"),
    ])
  func paths(text: String, path: String) throws {
    #expect(try FolderPath(text).description == path)
  }

  @Test(
    "What does not, or has an empty name in it, is no path",
    arguments: [
      "", "/", "//", "Asset System", "/Assets", "/Standards//CIS", "/Standards/ x", "/Standards/a\tb",
    ])
  func noPaths(text: String) {
    #expect(throws: FolderPath.Invalid.self) { try FolderPath(text) }
  }

  @Test("A folder's lineage leads from its root to itself")
  func lineage() throws {
    let lineage = try FolderPath("/Standards/CIS/Debian").lineage.map(\.description)
    #expect(lineage == ["/Standards", "/Standards/CIS", "/Standards/CIS/Debian"])
  }

  @Test("A JSON Pointer escapes the two characters that mean something in it")
  func pointer() {
    #expect((JSONPointer.root / "Roles" / 0 / "a/b~c").description == "/Roles/0/a~1b~0c")
  }
}
