import FoundationEssentials
import Postgres
import Repository
import Synchronization
import TestDatabase
import Testing

@Suite("Sessions")
struct SessionTests {
  /// Hashes that nobody else has, as the two tokens of a pair.
  private struct Pair {
    let access = Self.hash()
    let refresh = Self.hash()

    func lasting(access accessSeconds: Int = 3600, refresh refreshSeconds: Int = 5400) -> Sessions.TokenPair {
      Sessions.TokenPair(
        accessHash: access, accessSeconds: accessSeconds, refreshHash: refresh, refreshSeconds: refreshSeconds
      )
    }

    static func hash() -> [UInt8] { (0..<32).map { _ in .random(in: 0...255) } }
  }

  private func session(
    of user: UUID, access: Int = 3600, refresh: Int = 5400, on fixture: Fixture
  ) async throws -> Pair {
    let pair = Pair()
    let opened = try await fixture.repository.sessions.open(
      user: user, passwordHash: "hash", tokens: pair.lasting(access: access, refresh: refresh))
    #expect(opened)
    return pair
  }

  private func execute(_ sql: String, _ user: UUID, on fixture: Fixture) async throws {
    _ = try await fixture.owner.execute(Statement(sql, .uuid)([.uuid(user)]))
  }

  @Test("An account is found by its name in any case, and by nothing that is only alike")
  func account() async throws {
    try await withFixture { fixture in
      let sessions = fixture.repository.sessions
      let user = try await fixture.user(#"CORP\Ann.O'Neill"#)
      for name in [#"CORP\Ann.O'Neill"#, #"corp\ann.o'neill"#, #"CORP\ANN.O'NEILL"#] {
        let account = try #require(await sessions.account(named: name))
        #expect(account.userID == user && account.userName == #"CORP\Ann.O'Neill"#)
        #expect(account.passwordHash == "hash" && !account.disabled)
      }
      for name in ["", "%", #"CORP\Ann_O'Neill"#, #"CORP\Ann.O'Neill "#, "' OR '1'='1", "CORP\\\0"] {
        let account = try await sessions.account(named: name)
        #expect(account == nil, "\(name)")
      }
      _ = try await fixture.user("gone", disabled: true)
      #expect(try await sessions.account(named: "Gone")?.disabled == true)
    }
  }

  @Test("Nothing but an access token that is valid now stands for anybody")
  func noCaller() async throws {
    try await withFixture { fixture in
      let user = try await fixture.user()
      let pair = try await session(of: user, on: fixture)
      let expired = try await session(of: user, access: 0, on: fixture)
      for hash in [[], [0], Pair.hash(), pair.refresh, Array(pair.access.dropLast()), expired.access] {
        let caller = try await fixture.caller(hash)
        #expect(caller == nil, "\(hash)")
      }
      #expect(try await fixture.caller(pair.access) != nil)
    }
  }

  @Test(
    "A session is not opened for a disabled user, an unknown user, or a password that has changed meanwhile")
  func notOpened() async throws {
    try await withFixture { fixture in
      let sessions = fixture.repository.sessions
      let (user, disabled) = (try await fixture.user(), try await fixture.user(disabled: true))
      let pair = Pair()
      #expect(try await !sessions.open(user: disabled, passwordHash: "hash", tokens: pair.lasting()))
      #expect(try await !sessions.open(user: UUID(), passwordHash: "hash", tokens: pair.lasting()))
      #expect(try await !sessions.open(user: user, passwordHash: "old", tokens: pair.lasting()))
      try await execute(
        "UPDATE directory.users SET password_hash = NULL WHERE user_id = $1", user, on: fixture)
      #expect(try await !sessions.open(user: user, passwordHash: "hash", tokens: pair.lasting()))
      #expect(try await fixture.count("auth.sessions") == 0)
      #expect(try await fixture.count("auth.access_tokens") == 0)
    }
  }

  @Test("A hash is replaced by another of the same password only as long as it is the user's")
  func rehash() async throws {
    try await withFixture { fixture in
      let sessions = fixture.repository.sessions
      let (user, other) = (try await fixture.user("ann"), try await fixture.user("bob"))
      try await sessions.rehash(user: user, from: "hash", to: "new")
      #expect(try await sessions.account(named: "ann")?.passwordHash == "new")
      try await sessions.rehash(user: user, from: "hash", to: "newer")
      #expect(try await sessions.account(named: "ann")?.passwordHash == "new")
      #expect(try await sessions.account(named: "bob")?.passwordHash == "hash")
      _ = other
    }
  }

  @Test("A refresh token gives a new pair, and the old access token stays valid")
  func refresh() async throws {
    try await withFixture { fixture in
      let sessions = fixture.repository.sessions
      let user = try await fixture.user("ann")
      var pair = try await session(of: user, on: fixture)
      var accessHashes = [pair.access]
      for _ in 0..<3 {
        let next = Pair()
        #expect(
          try await sessions.refresh(hash: pair.refresh, tokens: next.lasting()) == .renewed(userName: "ann"))
        pair = next
        accessHashes.append(pair.access)
      }
      for hash in accessHashes { #expect(try await fixture.caller(hash)?.userID == user) }
      #expect(try await fixture.count("auth.sessions") == 1)
    }
  }

  @Test("A refresh token that is used a second time takes its whole session with it, and no other")
  func reuse() async throws {
    try await withFixture { fixture in
      let sessions = fixture.repository.sessions
      let user = try await fixture.user("ann")
      let (pair, other) = (try await session(of: user, on: fixture), try await session(of: user, on: fixture))
      let (second, third) = (Pair(), Pair())
      _ = try await sessions.refresh(hash: pair.refresh, tokens: second.lasting())
      #expect(
        try await sessions.refresh(hash: pair.refresh, tokens: third.lasting()) == .reused(userName: "ann"))
      for hash in [pair.access, second.access, third.access] {
        let caller = try await fixture.caller(hash)
        #expect(caller == nil)
      }
      for hash in [pair.refresh, second.refresh, third.refresh] {
        #expect(try await sessions.refresh(hash: hash, tokens: Pair().lasting()) == .unknown)
      }
      #expect(try await fixture.caller(other.access)?.userID == user)
      #expect(try await fixture.count("auth.sessions") == 1)
    }
  }

  @Test("Of several that use the same refresh token at once, one gets a pair")
  func refreshAtOnce() async throws {
    try await withFixture { fixture in
      let user = try await fixture.user("ann")
      try await withPool(fixture.database.conninfo(user: "ccs_jobstore")) { pool in
        let servers = [fixture.repository.sessions, Repository(pool: pool).sessions]
        for _ in 0..<20 {
          let pair = try await session(of: user, on: fixture)
          let outcomes = try await withThrowingTaskGroup(of: Sessions.Refreshed.self) { group in
            for number in 0..<4 {
              group.addTask {
                try await servers[number % 2].refresh(hash: pair.refresh, tokens: Pair().lasting())
              }
            }
            return try await group.reduce(into: []) { $0.append($1) }
          }
          #expect(outcomes.count { $0 == .renewed(userName: "ann") } == 1)
          #expect(outcomes.count { $0 == .reused(userName: "ann") } == 1, "and the session is gone")
          #expect(outcomes.count { $0 == .unknown } == 2)
        }
        #expect(try await fixture.count("auth.sessions") == 0)
        #expect(try await fixture.count("auth.access_tokens") == 0)
      }
    }
  }

  @Test("A refresh token that has expired, is of a disabled user, or is none gives nothing")
  func notRefreshed() async throws {
    try await withFixture { fixture in
      let sessions = fixture.repository.sessions
      let user = try await fixture.user("ann")
      let expired = try await session(of: user, refresh: 0, on: fixture)
      let pair = try await session(of: user, on: fixture)
      for hash in [[], Pair.hash(), pair.access, expired.refresh] {
        #expect(try await sessions.refresh(hash: hash, tokens: Pair().lasting()) == .unknown)
      }
      try await execute("UPDATE directory.users SET disabled = true WHERE user_id = $1", user, on: fixture)
      #expect(try await sessions.refresh(hash: pair.refresh, tokens: Pair().lasting()) == .unknown)
      try await execute("UPDATE directory.users SET disabled = false WHERE user_id = $1", user, on: fixture)
      #expect(
        try await sessions.refresh(hash: pair.refresh, tokens: Pair().lasting()) == .renewed(userName: "ann"),
        "it had not been used")
    }
  }

  @Test("A user who is disabled is nobody at once")
  func disabled() async throws {
    try await withFixture { fixture in
      let user = try await fixture.user()
      let pair = try await session(of: user, on: fixture)
      try await execute("UPDATE directory.users SET disabled = true WHERE user_id = $1", user, on: fixture)
      #expect(try await fixture.caller(pair.access) == nil)
    }
  }

  @Test("Either token of a pair revokes all of its session, and no other", arguments: [true, false])
  func revoke(byAccessToken: Bool) async throws {
    try await withFixture { fixture in
      let sessions = fixture.repository.sessions
      let user = try await fixture.user("ann")
      let (pair, other) = (try await session(of: user, on: fixture), try await session(of: user, on: fixture))
      let second = Pair()
      _ = try await sessions.refresh(hash: pair.refresh, tokens: second.lasting())
      try await sessions.revoke(hash: byAccessToken ? pair.access : second.refresh)
      for hash in [pair.access, second.access] {
        let caller = try await fixture.caller(hash)
        #expect(caller == nil)
      }
      #expect(try await sessions.refresh(hash: second.refresh, tokens: Pair().lasting()) == .unknown)
      #expect(try await fixture.caller(other.access)?.userID == user)
      try await sessions.revoke(hash: Pair.hash())
      #expect(try await fixture.count("auth.sessions") == 1)
    }
  }

  @Test("Refreshing and revoking the same session at once never fails, and in the end it is revoked")
  func refreshAndRevoke() async throws {
    try await withFixture { fixture in
      let sessions = fixture.repository.sessions
      let user = try await fixture.user("ann")
      for _ in 0..<100 {
        let pair = try await session(of: user, on: fixture)
        let next = Pair()
        async let refreshed = sessions.refresh(hash: pair.refresh, tokens: next.lasting())
        async let revoked: Void = sessions.revoke(hash: pair.access)
        let outcome = try await refreshed
        try await revoked
        #expect(outcome == .renewed(userName: "ann") || outcome == .unknown)
        let caller = try await fixture.caller(next.access)
        #expect(caller == nil)
      }
      #expect(try await fixture.count("auth.sessions") == 0)
    }
  }

  @Test("Sessions are forgotten once every token of theirs has expired, and not before")
  func sweep() async throws {
    try await withFixture { fixture in
      let sessions = fixture.repository.sessions
      let user = try await fixture.user()
      for _ in 0..<3 { _ = try await session(of: user, access: 0, refresh: 0, on: fixture) }
      let half = try await session(of: user, access: 0, refresh: 5400, on: fixture)
      let other = try await session(of: user, access: 3600, refresh: 0, on: fixture)
      let prolonged = try await session(of: user, access: 0, refresh: 1, on: fixture)
      _ = try await sessions.refresh(hash: prolonged.refresh, tokens: Pair().lasting())
      try await Task.sleep(for: .milliseconds(1100))
      #expect(try await !sessions.sweep(limit: 100))
      #expect(try await fixture.count("auth.sessions") == 3)
      #expect(try await fixture.caller(other.access) != nil)
      #expect(try await sessions.refresh(hash: half.refresh, tokens: Pair().lasting()) != .unknown)
      #expect(try await fixture.count("auth.access_tokens") == 3)
    }
  }

  @Test("Expired tokens of a living session are swept in bounded steps, and its others stay")
  func sweepOfLivingSession() async throws {
    try await withFixture { fixture in
      let sessions = fixture.repository.sessions
      let user = try await fixture.user("ann")
      let first = try await session(of: user, on: fixture)
      var newest = first
      for _ in 0..<20 {
        let next = Pair()
        _ = try await sessions.refresh(hash: newest.refresh, tokens: next.lasting())
        newest = next
      }
      for (table, hash) in [("access_tokens", newest.access), ("refresh_tokens", newest.refresh)] {
        let expire = Statement(
          "UPDATE auth.\(table) SET expires_at = now() - interval '1 second' WHERE token_hash <> $1", .bytea)
        _ = try await fixture.owner.execute(expire(.bytes(hash)))
      }
      var before = 42
      while try await sessions.sweep(limit: 8) {
        let tokens = try await fixture.count("auth.access_tokens") + fixture.count("auth.refresh_tokens")
        #expect((1...16).contains(before - tokens))
        before = tokens
      }
      for table in ["auth.access_tokens", "auth.refresh_tokens", "auth.sessions"] {
        #expect(try await fixture.count(table) == 1, "\(table)")
      }
      #expect(try await sessions.refresh(hash: first.refresh, tokens: Pair().lasting()) == .unknown)
      #expect(try await fixture.caller(newest.access)?.userID == user)
      #expect(
        try await sessions.refresh(hash: newest.refresh, tokens: Pair().lasting())
          == .renewed(userName: "ann"))
    }
  }
}
