import FoundationEssentials
import Postgres
import Repository
import TestDatabase
import Testing

@Suite("Failed logins")
struct FailedLoginTests {
  private func subject(threshold: Int) -> FailedLogins.Subject {
    FailedLogins.Subject(hash: (0..<32).map { _ in .random(in: 0...255) }, threshold: threshold)
  }

  /// The wait after the last failure, in seconds; 0 for none. Only one subject may be on record.
  private func pause(on fixture: Fixture) async throws -> Int {
    try await fixture.value(
      Statement(
        """
        SELECT coalesce(extract(epoch FROM max(closed_until - last_failure)), 0)::bigint
        FROM auth.failed_logins
        """)())
  }

  @Test("From the threshold on the wait doubles with every failure, up to the longest")
  func doubling() async throws {
    try await withFixture { fixture in
      let logins = fixture.repository.failedLogins
      let subject = subject(threshold: 3)
      var pauses: [Int] = []
      for _ in 0..<12 {
        try await logins.record([subject], maximumSeconds: 100)
        pauses.append(try await pause(on: fixture))
      }
      #expect(pauses == [0, 0, 1, 2, 4, 8, 16, 32, 64, 100, 100, 100])
      #expect((95...100).contains(try await logins.wait(for: [subject])))
    }
  }

  @Test("A threshold of one slows from the first failure on, also after a time of peace")
  func thresholdOfOne() async throws {
    try await withFixture { fixture in
      let logins = fixture.repository.failedLogins
      let subject = subject(threshold: 1)
      var pauses: [Int] = []
      for _ in 0..<3 {
        try await logins.record([subject], maximumSeconds: 100)
        pauses.append(try await pause(on: fixture))
      }
      try await fixture.database.psql(
        "UPDATE auth.failed_logins SET last_failure = now() - interval '1 hour'")
      try await logins.record([subject], maximumSeconds: 100)
      pauses.append(try await pause(on: fixture))
      #expect(pauses == [1, 2, 4, 1])
    }
  }

  @Test("Below the threshold nobody waits, and an unknown subject neither")
  func noWait() async throws {
    try await withFixture { fixture in
      let logins = fixture.repository.failedLogins
      let subject = subject(threshold: 3)
      #expect(try await logins.wait(for: [subject]) == 0)
      for _ in 0..<2 {
        try await logins.record([subject], maximumSeconds: 100)
        #expect(try await logins.wait(for: [subject]) == 0)
      }
      try await logins.record([subject], maximumSeconds: 100)
      #expect(try await logins.wait(for: [subject]) == 1)
      #expect(try await logins.wait(for: [self.subject(threshold: 3)]) == 0)
      #expect(try await logins.wait(for: []) == 0)
    }
  }

  @Test("Each subject has its own threshold, and the longest wait of all counts")
  func severalSubjects() async throws {
    try await withFixture { fixture in
      let logins = fixture.repository.failedLogins
      let (user, address) = (subject(threshold: 2), subject(threshold: 20))
      for _ in 0..<6 { try await logins.record([user, address], maximumSeconds: 1000) }
      #expect(try await logins.wait(for: [address]) == 0)
      #expect((11...16).contains(try await logins.wait(for: [user, address])))
      #expect((11...16).contains(try await logins.wait(for: [address, user])))
      for _ in 0..<16 { try await logins.record([address], maximumSeconds: 1000) }
      #expect((3...4).contains(try await logins.wait(for: [address])), "the 22nd failure")
    }
  }

  @Test("A wait ends by itself")
  func waitEnds() async throws {
    try await withFixture { fixture in
      let logins = fixture.repository.failedLogins
      let subject = subject(threshold: 1)
      try await logins.record([subject], maximumSeconds: 100)
      #expect(try await logins.wait(for: [subject]) == 1)
      try await Task.sleep(for: .milliseconds(1100))
      #expect(try await logins.wait(for: [subject]) == 0)
    }
  }

  @Test("A quarter of an hour without a failure is forgiven, and less is not")
  func forgiving() async throws {
    try await withFixture { fixture in
      let logins = fixture.repository.failedLogins
      let subject = subject(threshold: 3)
      for _ in 0..<5 { try await logins.record([subject], maximumSeconds: 100) }
      try await fixture.database.psql(
        "UPDATE auth.failed_logins SET last_failure = now() - interval '14 minutes'")
      try await logins.record([subject], maximumSeconds: 100)
      #expect(try await pause(on: fixture) == 8, "the sixth in a row")

      try await fixture.database.psql(
        "UPDATE auth.failed_logins SET last_failure = now() - interval '16 minutes'")
      var pauses: [Int] = []
      for _ in 0..<4 {
        try await logins.record([subject], maximumSeconds: 100)
        pauses.append(try await pause(on: fixture))
      }
      #expect(pauses == [0, 0, 1, 2])
    }
  }

  @Test("A login clears its own subject, and no other")
  func clear() async throws {
    try await withFixture { fixture in
      let logins = fixture.repository.failedLogins
      let (user, address) = (subject(threshold: 1), subject(threshold: 1))
      for _ in 0..<3 { try await logins.record([user, address], maximumSeconds: 100) }
      try await logins.clear(user)
      #expect(try await logins.wait(for: [user]) == 0)
      #expect(try await logins.wait(for: [address]) > 0)
      try await logins.record([user], maximumSeconds: 100)
      #expect(try await logins.wait(for: [user]) == 1, "it counts from the beginning")
    }
  }

  @Test("Failures at the same time are all counted, whatever the order of their subjects")
  func atOnce() async throws {
    try await withFixture { fixture in
      let logins = fixture.repository.failedLogins
      let (one, other) = (subject(threshold: 1000), subject(threshold: 1000))
      try await withThrowingTaskGroup(of: Void.self) { group in
        for number in 0..<40 {
          group.addTask {
            try await logins.record(number % 2 == 0 ? [one, other] : [other, one], maximumSeconds: 100)
          }
        }
        try await group.waitForAll()
      }
      let failures = Statement("SELECT failures FROM auth.failed_logins")
      #expect(try await fixture.owner.execute(failures()).map { try $0(0, as: Int.self) } == [40, 40])
    }
  }

  @Test("Endless failures do not overflow anything")
  func endless() async throws {
    try await withFixture { fixture in
      let logins = fixture.repository.failedLogins
      let subject = subject(threshold: 1)
      try await logins.record([subject], maximumSeconds: 86_400)
      try await fixture.database.psql("UPDATE auth.failed_logins SET failures = 2147483646")
      for _ in 0..<3 { try await logins.record([subject], maximumSeconds: 86_400) }
      #expect(try await pause(on: fixture) == 86_400)
    }
  }
}
