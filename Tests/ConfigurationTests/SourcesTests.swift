import Testing

@testable import ccs_jobstore

@Suite("Where values come from")
struct SourcesTests {
  @Test("Without a file and without variables, every setting has its default")
  func defaults() throws {
    #expect(try Configuration.load(file: nil, environment: [:]) == Configuration())
  }

  @Test("The file sets what it names and leaves the rest")
  func file() throws {
    var expected = Configuration()
    expected.listen.port = 443
    expected.log.level = .debug
    #expect(try load("{ listen: { port: 443 }, log: { level: 'debug' } }") == expected)
  }

  @Test("The file may use all that JSON5 adds to JSON")
  func json5() throws {
    let text = """
      // a comment
      { 'listen': { port: 0x1BB, /* and
        another */ "threads": +4, }, database: { queueTimeoutSeconds: .5,
        connection: 'host=one,two dbname=\\'ccs\\'' }, }
      """
    let configuration = try load(text)
    #expect(configuration.listen.port == 443)
    #expect(configuration.listen.threads == 4)
    #expect(configuration.database.queueTimeoutSeconds == 0.5)
    #expect(configuration.database.connection == "host=one,two dbname='ccs'")
  }

  @Test("A variable overrides the file", arguments: Setting.all)
  func environmentOverFile(setting: Setting) throws {
    let value = try #require(setting.anotherValue)
    let text = if case .string(let string) = value { string } else { "\(value)" }
    let name = setting.key.split(separator: ".")
    var expected = Configuration()
    try setting.assign(value, &expected)

    // Not `load`, as some of these values alone would break a rule between settings.
    var reader = ConfigurationReader()
    try withFile("{ \(name[0]): { \(name[1]): \(setting.defaultValue) } }") { reader.read(file: $0) }
    #expect(reader.configuration == Configuration())
    reader.read(environment: [setting.variable: text])
    #expect(reader.problems == [])
    #expect(reader.configuration == expected)
  }

  @Test("A variable overrides a key that the file has set")
  func environmentOverOtherValue() throws {
    let variable = ["CCS_JOBSTORE_LISTEN_PORT": "8443"]
    #expect(try load("{ listen: { port: 443, threads: 7 } }", variable).listen.port == 8443)
    #expect(try load("{ listen: { port: 443, threads: 7 } }", variable).listen.threads == 7)
  }

  @Test("A variable with an empty text takes a password file away")
  func emptyVariable() throws {
    let file = "{ database: { passwordFile: '/secret' } }"
    #expect(try load(file).database.passwordFile == "/secret")
    #expect(try load(file, ["CCS_JOBSTORE_DATABASE_PASSWORD_FILE": ""]).database.passwordFile == nil)
  }

  @Test(
    "The reserved variables and those without the prefix are no settings",
    arguments: [
      "CCS_JOBSTORE_STATE_DIR", "CCS_JOBSTORE_PORT", "CCS_JOBSTORE_CONFIG", "PATH", "CCS_OTHER",
    ])
  func otherVariables(name: String) throws {
    #expect(try load("{}", [name: "443"]) == Configuration())
  }

  @Test("A relative path in the file begins at the file's folder")
  func relativePaths() throws {
    let text =
      "{ tls: { certificateFile: 'tls/c.pem', privateKeyFile: '/k.pem' }, database: { passwordFile: 'p' } }"
    try withFile(text) { path in
      let folder = path.dropLast("service.json5".count)
      let configuration = try Configuration.load(file: path, environment: [:])
      #expect(configuration.tls.certificateFile == "\(folder)tls/c.pem")
      #expect(configuration.tls.privateKeyFile == "/k.pem")
      #expect(configuration.database.passwordFile == "\(folder)p")
    }
  }

  @Test("A relative path in a variable begins at the process's folder, so it stays as it is")
  func relativePathInVariable() throws {
    let configuration = try load("{}", ["CCS_JOBSTORE_TLS_CERTIFICATE_FILE": "tls/c.pem"])
    #expect(configuration.tls.certificateFile == "tls/c.pem")
  }
}
