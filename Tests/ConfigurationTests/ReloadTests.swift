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

  @Test("Where it listens and how it reaches its database are all that a reload does not apply")
  func needingRestart() {
    #expect(
      Setting.all.filter { $0.effect == .restart }.map(\.key)
        == ["listen.address", "listen.port", "listen.backlog"]
        + Setting.all.map(\.key).filter { $0.hasPrefix("database.") })
  }

  @Test("Several changes are named in the order of the table")
  func severalChanges() {
    var changed = Configuration()
    changed.shutdown.drainSeconds = 1
    changed.listen.backlog = 7
    changed.log.level = .error
    changed.database.passwordFile = "/secret"
    changed.listen.port = 1
    #expect(
      changed.changesNeedingRestart(from: Configuration()) == [
        "listen.port", "listen.backlog", "database.passwordFile",
      ])
  }
}
