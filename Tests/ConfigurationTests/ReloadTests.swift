import Testing

@testable import ccs_jobstore

@Suite("What a reload applies")
struct ReloadTests {
  @Test("A changed setting is named if, and only if, its row asks for a restart", arguments: Setting.all)
  func oneChange(setting: Setting) throws {
    var changed = Configuration()
    try setting.assign(try #require(setting.anotherValue), &changed)
    #expect(
      changed.changesNeedingRestart(from: Configuration())
        == (setting.effect == .restart ? [setting.key] : []))
  }

  @Test("Certificate, key, log level and the commands' connection are all that a reload applies")
  func reloadable() {
    #expect(
      Setting.all.filter { $0.effect == .reload }.map(\.key) == [
        "tls.certificateFile", "tls.privateKeyFile", "administration.connection",
        "administration.passwordFile", "log.level",
      ])
  }

  @Test("Several changes are named in the order of the table")
  func severalChanges() {
    var changed = Configuration()
    changed.shutdown.drainSeconds = 1
    changed.log.level = .error
    changed.database.passwordFile = "/secret"
    changed.listen.port = 1
    #expect(
      changed.changesNeedingRestart(from: Configuration()) == [
        "listen.port", "database.passwordFile", "shutdown.drainSeconds",
      ])
  }
}
