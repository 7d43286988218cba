import FoundationEssentials
import Postgres
import Repository
import TestDatabase
import Testing

@Suite("Failed logins")
struct FailedLoginTests {
  private typealias Attempt = FailedLogins.Attempt

  /// Counts failures one after the other.
  ///
  /// - Returns: The delay after each, in seconds.
  private func delays(
    _ count: Int, of attempt: Attempt, _ limits: FailedLogins.Limits, on fixture: Fixture
  ) async throws -> [Int] {
    let logins = fixture.repository.failedLogins
    var delays: [Int] = []
    for _ in 0..<count {
      try await logins.record(attempt, limits, from: "192.0.2.1")
      delays.append(try await logins.wait(for: attempt, limits).seconds)
    }
    return delays
  }

  /// Lets time pass, for the counts.
  private func pass(_ interval: String, on fixture: Fixture) async throws {
    try await fixture.database.psql(
      """
      UPDATE auth.failed_logins
      SET counted_at = counted_at - interval '\(interval)', forgotten_at = forgotten_at - interval '\(interval)'
      """)
  }

  @Test("From the threshold on the delay doubles with every failure, up to the maximum")
  func doubling() async throws {
    try await withFixture { fixture in
      let limits = FailedLogins.Limits(failures: 3, maximumDelay: 300)
      let attempt = Attempt(name: "ann", network: "192.0.2.1", user: nil)
      let delays = try await delays(12, of: attempt, limits, on: fixture)
      #expect(delays == [0, 0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 300])
    }
  }

  @Test(
    "One address has at most 302 guesses at a password in a day, however it spaces them", arguments: [0, 900])
  func guessesOfOneAddress(pause: Int) async throws {
    try await withFixture { fixture in
      let limits = FailedLogins.Limits(failures: 5, maximumDelay: 300)
      let logins = fixture.repository.failedLogins
      let attempt = Attempt(name: "ann", network: "192.0.2.1", user: nil)
      var (guesses, seconds) = (0, 0)
      while seconds < 86_400 {
        let wait = try await logins.wait(for: attempt, limits).seconds
        if wait > 0 {
          let step = max(wait, pause)
          try await pass("\(step) seconds", on: fixture)
          seconds += step
        } else {
          try await logins.record(attempt, limits, from: "192.0.2.1")
          guesses += 1
        }
      }
      #expect((250...302).contains(guesses))
    }
  }

  @Test("Many addresses have one guess at a password in ten seconds; a known network is not delayed")
  func guessesOfManyAddresses() async throws {
    try await withFixture { fixture in
      let limits = FailedLogins.Limits(failures: 5, maximumDelay: 300)
      let logins = fixture.repository.failedLogins
      let user: UUID = try await fixture.value(
        Statement("INSERT INTO directory.users (user_name) VALUES ('D\\ann') RETURNING user_id")())
      let home = Attempt(name: "D\\ann", network: "198.51.100.7", user: user)
      try await logins.clear(home, user: user, from: "192.0.2.1")
      var (guesses, seconds) = (0, 0)
      let started = ContinuousClock.now
      while seconds < 1000 {
        let attempt = Attempt(name: "d\\ANN", network: "network \(guesses)", user: user)
        let (wait, isKnown) = try await logins.wait(for: attempt, limits)
        #expect(!isKnown && wait <= 10, "slow, not closed")
        if wait > 0 {
          try await pass("\(wait) seconds", on: fixture)
          seconds += wait
        } else {
          try await logins.record(attempt, limits, from: "192.0.2.1")
          guesses += 1
        }
      }
      // The time that the test takes passes, too.
      let passed = seconds + Int(started.duration(to: .now) / .seconds(1))
      #expect((100...(65 + passed / 10)).contains(guesses))
      let (wait, isKnown) = try await logins.wait(for: home, limits)
      #expect(wait == 0 && isKnown)
    }
  }

  @Test("Fifty failures of a network over several names delay nobody else there")
  func sharedNetwork() async throws {
    try await withFixture { fixture in
      let limits = FailedLogins.Limits(failures: 5, maximumDelay: 300)
      let logins = fixture.repository.failedLogins
      for number in 0..<50 {
        try await logins.record(
          Attempt(name: "nobody \(number)", network: "192.0.2.1", user: nil), limits, from: "192.0.2.1")
      }
      let other = Attempt(name: "ann", network: "192.0.2.1", user: nil)
      #expect(try await logins.wait(for: other, limits).seconds == 0)
    }
  }

  @Test("A login clears the count of its name from its network, and no other")
  func clear() async throws {
    try await withFixture { fixture in
      let limits = FailedLogins.Limits(failures: 1, maximumDelay: 100)
      let logins = fixture.repository.failedLogins
      let user: UUID = try await fixture.value(
        Statement("INSERT INTO directory.users (user_name) VALUES ('D\\ann') RETURNING user_id")())
      let (here, there) = (
        Attempt(name: "D\\ann", network: "192.0.2.1", user: user),
        Attempt(name: "D\\ann", network: "192.0.2.2", user: user)
      )
      _ = try await delays(3, of: here, limits, on: fixture)
      _ = try await delays(3, of: there, limits, on: fixture)
      try await logins.clear(here, user: user, from: "192.0.2.1")
      #expect(try await logins.wait(for: here, limits).seconds == 0)
      #expect(try await logins.wait(for: there, limits).seconds > 0)
    }
  }

  @Test("What is forgotten is removed by later failures, and sweeps leave a bounded number, in bounded steps")
  func bounded() async throws {
    try await withFixture { fixture in
      let limits = FailedLogins.Limits(failures: 5, maximumDelay: 300)
      let logins = fixture.repository.failedLogins
      let rows = Statement("SELECT count(*) FROM auth.failed_logins")
      for number in 0..<100 {
        try await logins.record(
          Attempt(name: "n\(number)", network: "a\(number)", user: nil), limits, from: "192.0.2.1")
      }
      try await pass("1 hour", on: fixture)
      for _ in 0..<40 {
        try await logins.record(Attempt(name: "n", network: "a", user: nil), limits, from: "192.0.2.1")
      }
      #expect(try await fixture.value(rows()) == 3)
      for number in 0..<100 {
        try await logins.record(
          Attempt(name: "n\(number)", network: "a\(number)", user: nil), limits, from: "192.0.2.1")
      }
      var before: Int = try await fixture.value(rows())
      while try await logins.sweep(maximumRows: 50, limit: 20) {
        let left: Int = try await fixture.value(rows())
        #expect(before - left == 20)
        before = left
      }
      #expect(try await fixture.value(rows()) == 50)
    }
  }

  @Test("Networks without a login for 90 days are forgotten in bounded steps")
  func forgottenNetworks() async throws {
    try await withFixture { fixture in
      let logins = fixture.repository.failedLogins
      let user = try await fixture.user()
      for number in 0..<25 {
        try await logins.clear(
          Attempt(name: "n", network: "a\(number)", user: user), user: user, from: "192.0.2.1")
      }
      try await fixture.database.psql(
        "UPDATE auth.known_networks SET last_login = last_login - interval '91 days'")
      try await logins.clear(Attempt(name: "n", network: "new", user: user), user: user, from: "192.0.2.1")
      for left in [16, 6, 1] {
        #expect(try await logins.sweep(limit: 10) == (left > 1))
        #expect(try await fixture.count("auth.known_networks") == left)
      }
    }
  }

  @Test("Failures at the same time are all counted")
  func atOnce() async throws {
    try await withFixture { fixture in
      let limits = FailedLogins.Limits(failures: 1000, maximumDelay: 1000)
      let logins = fixture.repository.failedLogins
      try await withThrowingTaskGroup(of: Void.self) { group in
        for number in 0..<40 {
          group.addTask {
            try await logins.record(
              Attempt(name: "n\(number % 2)", network: "a\(number / 2 % 2)", user: nil), limits,
              from: "192.0.2.1")
          }
        }
        try await group.waitForAll()
      }
      let counted = Statement(
        "SELECT round(sum(extract(epoch FROM forgotten_at - counted_at) / 1000))::bigint FROM auth.failed_logins WHERE length(name_hash) = 32 AND length(network_hash) = 32"
      )
      #expect(try await fixture.value(counted()) == 40)
    }
  }
}
