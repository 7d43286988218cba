import FoundationEssentials
import Testing

@testable import ccs_jobstore

@Suite("A file that cannot be used")
struct FileTests {
  private static let remedy = "it must be one JSON5 object, such as { listen: { port: 12431 } }"

  @Test(
    "A mistake in the syntax is reported with the file and the line",
    arguments: [
      ("{\n  listen: {\n    port: ?,\n  },\n}", 3),
      ("{\n  log: { level: 'info' }\n  tokens: {},\n}", 3),
      ("{\n  listen: {\n    port 443,\n  },\n}", 3),
      ("{\n  tls: {\n    certificateFile: '/a,\n    privateKeyFile: '/b'\n  }\n}", 3),
      ("{\n  /* several\n  lines */ listen: { port: 443 ],\n}", 3),
      ("{\n  // that's it\n}\n}\n", 4),
      ("{\n  listen:\n  {\n    port\n    :\n    443,\n    threads:: 2\n  }\n}", 7),
      ("{\n  database: { connection: 'host=a \\\n dbname=b' },\n  log: level }\n", 4),
      ("\n\nlisten = 1", 3),
      ("{\n  listen: { port: 1e999 }\n}", 2),
    ])
  func syntax(text: String, line: Int) throws {
    #expect(try problems(text) == ["FILE is not valid JSON5 at line \(line); \(Self.remedy)"])
  }

  @Test("A text that ends too early is reported so", arguments: ["", "// nothing", "{ log: {}", "{ listen:"])
  func unfinished(text: String) throws {
    #expect(
      try problems(text) == ["FILE is not valid JSON5 at its end: something is unclosed; \(Self.remedy)"])
  }

  @Test("A file that holds no object is refused", arguments: ["[1]", "'x'", "null", "12"])
  func notAnObject(text: String) throws {
    #expect(try problems(text) == ["FILE is not an object; \(Self.remedy)"])
  }

  @Test("A key or a section that stands twice is refused with the line of the later one")
  func repeatedKeys() throws {
    #expect(
      try problems(
        "{ database: { connection: 'host=a:\\\n' },\n listen: { port: 1,\n'port': 1 },\n\n log: {}, log: {} }"
      )
        == [
          "listen.port is repeated at line 4; it may occur only once",
          "log is repeated at line 6; it may occur only once",
        ])
  }

  @Test("Equal names in different sections, in texts and in comments are no repetition")
  func notRepeated() throws {
    let text = """
      { database: { connection: "host='a:b, connection: c'" /* connection: d */ },
        administration: { connection: "host=it\\\\'s\\"connection\\":" } } // administration: {}
      """
    #expect(try problems(text) == [])
  }

  @Test("A file that is not there, and a folder, are refused with the system's reason")
  func unreadable() throws {
    try withFile("{}") { path in
      let folder = String(path.dropLast("/service.json5".count))
      for (path, reason) in [(path + "x", "No such file or directory"), (folder, "Is a directory")] {
        #expect {
          try Configuration.load(file: path, environment: [:])
        } throws: { error in
          "\(error)"
            == "\(path) cannot be read (\(reason)); it must be a file that the service's user may read"
        }
      }
    }
  }

  @Test("A file that is not UTF-8 is refused")
  func notUTF8() throws {
    try withFile("") { path in
      try Data([0x7B, 0xFF, 0x7D]).write(to: URL(filePath: path))
      #expect {
        try Configuration.load(file: path, environment: [:])
      } throws: { error in
        "\(error)" == "\(path) is not UTF-8; it must be a JSON5 text in UTF-8"
      }
    }
  }
}
