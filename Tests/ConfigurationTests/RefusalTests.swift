import Testing

@testable import ccs_jobstore

@Suite("What is refused")
struct RefusalTests {
  @Test(
    "A value of the wrong kind or outside its range is refused with what would be right",
    arguments: [
      ("listen: { port: 65536 }", "listen.port is 65536; it must be an integer from 0 to 65535"),
      ("listen: { port: -1 }", "listen.port is -1; it must be an integer from 0 to 65535"),
      ("listen: { port: 1.5 }", "listen.port is 1.5; it must be an integer from 0 to 65535"),
      ("listen: { port: '443' }", "listen.port is \"443\"; it must be an integer from 0 to 65535"),
      ("listen: { port: NaN }", "listen.port is nan; it must be an integer from 0 to 65535"),
      ("listen: { port: null }", "listen.port is null; it must be an integer from 0 to 65535"),
      ("listen: { port: true }", "listen.port is true; it must be an integer from 0 to 65535"),
      ("listen: { port: [1] }", "listen.port is an array; it must be an integer from 0 to 65535"),
      ("listen: { port: {} }", "listen.port is an object; it must be an integer from 0 to 65535"),
      (
        "database: { queueTimeoutSeconds: 0.05 }",
        "database.queueTimeoutSeconds is 0.05; it must be a number from 0.1 to 300"
      ),
      (
        "database: { queueTimeoutSeconds: Infinity }",
        "database.queueTimeoutSeconds is inf; it must be a number from 0.1 to 300"
      ),
      ("log: { level: 'INFO' }", "log.level is \"INFO\"; it must be one of debug, info, warning, error"),
      ("log: { level: 1 }", "log.level is 1; it must be one of debug, info, warning, error"),
      (
        "tls: { certificateFile: '' }",
        "tls.certificateFile is \"\"; it must be the path of a file"
      ),
      (
        "database: { passwordFile: 1 }",
        "database.passwordFile is 1; it must be the path of a file, or null"
      ),
      (
        "listen: { address: 'localhost' }",
        "listen.address is \"localhost\"; "
          + "it must be an IPv4 or IPv6 address, such as \"127.0.0.1\" or \"::\""
      ),
    ])
  func wrongValues(members: String, problem: String) throws {
    #expect(try problems("{ \(members) }") == [problem])
  }

  @Test("A text with a NUL, which would end it early in the C libraries, is refused")
  func textWithNUL() throws {
    let setting = try #require(Setting.all.first { $0.key == "tls.certificateFile" })
    var configuration = Configuration()
    #expect(throws: Setting.Refusal(fault: "is \"a\\0b\"", remedy: "it must be the path of a file")) {
      try setting.assign(.string("a\0b"), &configuration)
    }
    #expect(configuration == Configuration())
  }

  @Test("The ends of a range belong to it", arguments: [("0", 0), ("65535", 65535)])
  func rangeEnds(text: String, port: Int) throws {
    #expect(try load("{ listen: { port: \(text) } }").listen.port == port)
  }

  @Test("Addresses of both kinds are taken", arguments: ["0.0.0.0", "::", "::1", "2001:db8::1", "192.0.2.1"])
  func addresses(address: String) throws {
    #expect(try load("{ listen: { address: '\(address)' } }").listen.address == address)
  }

  @Test("A variable's value is refused under the variable's name", arguments: ["", "abc", "0", "1 ", "nan"])
  func wrongVariables(text: String) throws {
    let quoted = text == "0" || text == "nan" ? text : "\"\(text)\""
    #expect(
      try problems("{}", ["CCS_JOBSTORE_LISTEN_THREADS": text]) == [
        "CCS_JOBSTORE_LISTEN_THREADS is \(quoted); it must be an integer from 1 to 64"
      ])
  }

  @Test(
    "An unknown key is refused with its name and the nearest known key",
    arguments: [
      ("listen: { prot: 1 }", "listen.prot is unknown; did you mean listen.port?"),
      ("listen: { Port: 1 }", "listen.Port is unknown; did you mean listen.port?"),
      ("listn: { port: 1 }", "listn is unknown; did you mean listen?"),
      ("port: 1", "port is unknown; did you mean listen.port?"),
      ("database: { password: 'x' }", "database.password is unknown; did you mean database.passwordFile?"),
      ("limits: { drainSeconds: 1 }", "limits.drainSeconds is unknown; did you mean shutdown.drainSeconds?"),
      ("'listen.port': 1", "listen.port is unknown; write listen: { port: … }"),
      (
        "shutdown: { x: 1 }", "shutdown.x is unknown; the known keys there are drainSeconds"
      ),
      (
        "q: 1",
        "q is unknown; the known keys there are administration, audit, collectors, database, deletion, jobs, limits, "
          + "listen, log, passwords, results, retention, schedule, shutdown, tls, tokens"
      ),
    ])
  func unknownKeys(members: String, problem: String) throws {
    #expect(try problems("{ \(members) }") == [problem])
  }

  @Test("A section that is no object is refused with the names of its keys, and not quoted")
  func sectionOfWrongKind() throws {
    #expect(
      try problems("{ tls: 'hunter2' }") == [
        "tls is not an object; it must be one, with the keys certificateFile, privateKeyFile"
      ])
  }

  @Test(
    "A variable that stands for no setting is refused with its name and the nearest one, not its text",
    arguments: [
      ("CCS_JOBSTORE_LISTEN_PROT", "did you mean CCS_JOBSTORE_LISTEN_PORT?"),
      ("CCS_JOBSTORE_DATABASE_PASSWORD", "did you mean CCS_JOBSTORE_DATABASE_PASSWORD_FILE?"),
      (
        "CCS_JOBSTORE_", "names are derived from keys: CCS_JOBSTORE_LISTEN_PORT from listen.port"
      ),
    ])
  func unknownVariables(name: String, remedy: String) throws {
    #expect(try problems("{}", [name: "hunter2"]) == ["\(name) is not a setting; \(remedy)"])
  }

  @Test(
    "A password in a connection string is refused without being quoted",
    arguments: [
      "host=h password=hunter2", "host=h password = hunter2", "sslpassword=hunter2",
      "postgresql://user:hunter2@h/db", "postgres://user:hunter2@h1,h2", "postgres://h/db?password=hunter2",
    ])
  func passwordsInConnections(connection: String) throws {
    let remedy = "put it into a file and name the file in"
    #expect(
      try problems("{ database: { connection: '\(connection)' } }") == [
        "database.connection contains a password; \(remedy) database.passwordFile"
      ])
    #expect(
      try problems("{}", ["CCS_JOBSTORE_ADMINISTRATION_CONNECTION": connection]) == [
        "CCS_JOBSTORE_ADMINISTRATION_CONNECTION contains a password; \(remedy) administration.passwordFile"
      ])
  }

  @Test(
    "A connection string without a password is taken",
    arguments: [
      "host=a,b port=5432,5433 dbname=ccs passfile=/x",
      "postgresql://user@h:5432/db?target_session_attrs=any",
      "postgresql://[::1]:5432/db", "user=password dbname=x",
    ])
  func connections(connection: String) throws {
    #expect(try load("{ database: { connection: '\(connection)' } }").database.connection == connection)
  }

  @Test("All problems are reported at once, from the file, the environment and the rules between settings")
  func allProblems() throws {
    let text = "{ log: { level: 'loud' }, tls: { x: 1 }, tokens: { refreshLifetimeSeconds: 60 } }"
    let found = try problems(text, ["CCS_JOBSTORE_LISTEN_THREADS": "0", "CCS_JOBSTORE_X": "1"])
    let beginnings = [
      "log.level is \"loud\"", "tls.x is unknown", "CCS_JOBSTORE_LISTEN_THREADS is 0",
      "CCS_JOBSTORE_X is not a setting", "tokens.refreshLifetimeSeconds is less than",
    ]
    #expect(found.count == beginnings.count)
    for (problem, beginning) in zip(found, beginnings) { #expect(problem.hasPrefix(beginning)) }
  }

  @Test("An error's text has one line for each problem")
  func errorText() {
    let error = ConfigurationError(problems: [
      .init(subject: .key("a.b"), fault: "is 0", remedy: "it must be 1"),
      .init(subject: .variable("C"), fault: "is 2", remedy: "it must be 3"),
    ])
    #expect("\(error)" == "a.b is 0; it must be 1\nC is 2; it must be 3")
  }
}
