import Testing

@testable import Authorization

@Suite("Verifying passwords")
struct PasswordHasherTests {
  private static let cheap = ScryptParameters(logN: 10, r: 1, p: 1)
  private static let dear = ScryptParameters(logN: 15, r: 8, p: 4)
  private static let password = Array("secret".utf8)

  @Test("The right password is right, and everything else is wrong")
  func verdicts() async throws {
    let hasher = PasswordHasher(parameters: Self.cheap, threads: 1, queueLimit: 10)
    let stored = try PasswordHash.make(Self.password, parameters: Self.cheap)
    #expect(await hasher.verify(Self.password, against: stored) == .right(rehashed: nil))
    #expect(await hasher.verify(Array("Secret".utf8), against: stored) == .wrong)
    #expect(await hasher.verify([], against: stored) == .wrong)
    #expect(await hasher.verify(Self.password, against: nil) == .wrong)
    #expect(await hasher.verify([], against: nil) == .wrong)
    #expect(await hasher.verify(Self.password, against: "") == .wrong)
    #expect(await hasher.verify(Self.password, against: "secret") == .wrong)
  }

  @Test("A hash that costs less than it should is replaced at the login, by one of the same password")
  func rehash() async throws {
    let costs = [
      ScryptParameters(logN: 11, r: 1, p: 1), ScryptParameters(logN: 10, r: 2, p: 1),
      ScryptParameters(logN: 10, r: 1, p: 2),
    ]
    let stored = try PasswordHash.make(Self.password, parameters: Self.cheap)
    for cost in costs {
      let hasher = PasswordHasher(parameters: cost, threads: 1, queueLimit: 10)
      guard case .right(let rehashed?) = await hasher.verify(Self.password, against: stored) else {
        Issue.record("no new hash for \(cost)")
        continue
      }
      #expect(PasswordHash(rehashed)?.parameters == cost)
      #expect(await hasher.verify(Self.password, against: rehashed) == .right(rehashed: nil))
      #expect(await hasher.verify([1], against: stored) == .wrong, "a wrong one is not hashed anew")
    }
  }

  @Test("A hash that costs more than it must is left alone")
  func noRehash() async throws {
    let hasher = PasswordHasher(parameters: Self.cheap, threads: 1, queueLimit: 10)
    let stored = try PasswordHash.make(Self.password, parameters: ScryptParameters(logN: 11, r: 2, p: 2))
    #expect(await hasher.verify(Self.password, against: stored) == .right(rehashed: nil))
  }

  @Test("More passwords than may wait are refused at once, and there is room again afterwards")
  func busy() async throws {
    let slow = PasswordHash(
      parameters: ScryptParameters(logN: 17, r: 8, p: 2), salt: [1], hash: [UInt8](repeating: 0, count: 32)
    ).text
    let hasher = PasswordHasher(parameters: Self.cheap, threads: 1, queueLimit: 1)
    let start = ContinuousClock.now
    let verdicts = await withTaskGroup(of: (PasswordHasher.Verdict, Duration).self) { group in
      for _ in 0..<6 {
        group.addTask { (await hasher.verify(Self.password, against: slow), ContinuousClock.now - start) }
      }
      return await group.reduce(into: []) { $0.append($1) }
    }
    let refused = verdicts.filter { $0.0 == .busy }
    #expect(refused.count == 4, "one is at work, one waits")
    let others = verdicts.filter { $0.0 == .wrong }
    #expect(others.count == 2)
    #expect(refused.allSatisfy { refusal in others.allSatisfy { refusal.1 < $0.1 } }, "they did not wait")

    let stored = try PasswordHash.make(Self.password, parameters: Self.cheap)
    #expect(await hasher.verify(Self.password, against: stored) == .right(rehashed: nil))
  }

  @Test("As many as may wait are all answered, by all threads")
  func room() async throws {
    let stored = try PasswordHash.make(Self.password, parameters: Self.cheap)
    let hasher = PasswordHasher(parameters: Self.cheap, threads: 3, queueLimit: 61)
    for _ in 0..<3 {
      let verdicts = await withTaskGroup(of: PasswordHasher.Verdict.self) { group in
        for number in 0..<64 {
          group.addTask { await hasher.verify(number % 2 == 0 ? Self.password : [1], against: stored) }
        }
        return await group.reduce(into: []) { $0.append($1) }
      }
      #expect(verdicts.count { $0 == .right(rehashed: nil) } == 32)
      #expect(verdicts.count { $0 == .wrong } == 32)
    }
  }
}
