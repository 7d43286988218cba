import Testing

@testable import ccs_jobstore

@Suite("Rules between settings")
struct RelationTests {
  @Test(
    "A combination that makes no sense is refused",
    arguments: [
      (
        "tokens: { accessLifetimeSeconds: 100, refreshLifetimeSeconds: 99 }",
        "tokens.refreshLifetimeSeconds is less than tokens.accessLifetimeSeconds; "
          + "it must be at least as long, or no expired access token could be renewed"
      ),
      (
        "tls: { certificateFile: 'same.pem', privateKeyFile: 'same.pem' }",
        "tls.privateKeyFile is the same file as tls.certificateFile; "
          + "it must be another file: a certificate is public, a key is not"
      ),
      (
        "database: { statementTimeoutSeconds: 4.9 }",
        "database.lockTimeoutSeconds is more than database.statementTimeoutSeconds; "
          + "it must not be longer, or it would never apply"
      ),
    ])
  func brokenRules(members: String, problem: String) throws {
    #expect(try problems("{ \(members) }") == [problem])
  }

  @Test(
    "Equal times are allowed",
    arguments: [
      "tokens: { accessLifetimeSeconds: 100, refreshLifetimeSeconds: 100 }",
      "database: { statementTimeoutSeconds: 5 }",
    ])
  func equalTimes(members: String) throws {
    #expect(try problems("{ \(members) }") == [])
  }

  @Test("A rule is judged after the environment, not before")
  func ruleAfterEnvironment() throws {
    let variable = ["CCS_JOBSTORE_TOKENS_ACCESS_LIFETIME_SECONDS": "60"]
    #expect(try problems("{ tokens: { refreshLifetimeSeconds: 90 } }", variable) == [])
  }

  @Test("Nothing is concluded from a setting whose own value was refused")
  func refusedValue() throws {
    let found = try problems("{ tokens: { accessLifetimeSeconds: 'x', refreshLifetimeSeconds: 60 } }")
    #expect(found == ["tokens.accessLifetimeSeconds is \"x\"; it must be an integer from 1 to 86400"])
  }

  @Test(
    "Nothing is concluded from a default that a misspelt name was meant to change",
    arguments: [
      "tokens: { acessLifetimeSeconds: 60, refreshLifetimeSeconds: 90 }",
      "'tokens.accessLifetimeSeconds': 60, tokens: { refreshLifetimeSeconds: 90 }",
      "databse: { lockTimeoutSeconds: 1 }, database: { statementTimeoutSeconds: 2 }",
      "database: { statementTimeoutSeconds: 2, lockTimeoutSeconds: 1, lockTimeoutSeconds: 3 }",
    ])
  func misspeltKey(members: String) throws {
    #expect(try problems("{ \(members) }").count == 1)
  }

  @Test("Nothing is concluded from a default that a misspelt variable was meant to change")
  func misspeltVariable() throws {
    let variable = ["CCS_JOBSTORE_TOKENS_ACCESS_LIFETIME": "60"]
    #expect(try problems("{ tokens: { refreshLifetimeSeconds: 90 } }", variable).count == 1)
  }

  @Test("Nothing is concluded from the defaults when the file could not be read")
  func unreadableFile() throws {
    let found = try problems("{", ["CCS_JOBSTORE_TOKENS_REFRESH_LIFETIME_SECONDS": "60"])
    #expect(found.count == 1)
    #expect(found.first?.hasPrefix("FILE is not valid JSON5") == true)
  }
}
