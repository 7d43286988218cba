import Testing

@testable import ccs_jobstore

@Suite("The table of settings")
struct SettingTableTests {
  @Test("Every property of the configuration has exactly one row, under its own path")
  func complete() {
    #expect(Setting.all.map(\.key).sorted() == properties(of: Configuration()).keys.sorted())
  }

  @Test("A row changes the property that its key names, and no other", arguments: Setting.all)
  func rowsDoNotCross(setting: Setting) throws {
    let before = properties(of: Configuration())
    var configuration = Configuration()
    try setting.assign(try #require(setting.anotherValue), &configuration)
    let after = properties(of: configuration)
    #expect(after.keys.filter { after[$0] != before[$0] } == [setting.key])
  }

  @Test("A default is a value that its own row accepts", arguments: Setting.all)
  func defaultsAreInRange(setting: Setting) throws {
    var configuration = Configuration()
    try setting.assign(setting.defaultValue, &configuration)
    #expect(configuration == Configuration())
  }

  @Test("The defaults obey the rules between settings", arguments: Relation.all.indices)
  func defaultsAreConsistent(index: Int) {
    #expect(Relation.all[index].holds(Configuration()))
  }

  @Test("A rule between settings names keys that exist", arguments: Relation.all.indices)
  func relationsNameKeys(index: Int) {
    #expect(Set(Relation.all[index].keys).isSubset(of: Setting.all.map(\.key)))
  }

  @Test("A description is one sentence on one line", arguments: Setting.all)
  func descriptions(setting: Setting) {
    #expect(setting.description.hasSuffix("."))
    #expect(!setting.description.contains("\n"))
    #expect((20...105).contains(setting.description.count))
  }

  @Test(
    "The environment variable is the key in capitals, its words joined by underscores",
    arguments: [
      ("tokens.accessLifetimeSeconds", "CCS_JOBSTORE_TOKENS_ACCESS_LIFETIME_SECONDS"),
      ("listen.port", "CCS_JOBSTORE_LISTEN_PORT"),
      ("passwords.scryptLogN", "CCS_JOBSTORE_PASSWORDS_SCRYPT_LOG_N"),
      ("tls.privateKeyFile", "CCS_JOBSTORE_TLS_PRIVATE_KEY_FILE"),
    ])
  func variables(key: String, variable: String) throws {
    #expect(try #require(Setting.all.first { $0.key == key }).variable == variable)
  }

  @Test("No two settings share an environment variable, and none has a reserved one")
  func variablesAreUnique() {
    let variables = Setting.all.map(\.variable)
    #expect(Set(variables).count == variables.count)
    #expect(EnvironmentNames.reserved.isDisjoint(with: variables))
  }
}
