import FoundationEssentials
import Testing

@testable import Authorization

@Suite("Remembering passwords")
struct RememberedPasswordsTests {
  private let ann = UUID()
  private let bob = UUID()
  private let password = Array("secret".utf8)

  private func memory(lifetime: Duration = .seconds(300), limit: Int = 10) throws -> RememberedPasswords {
    RememberedPasswords(key: try EphemeralKey(), lifetime: lifetime, limit: limit)
  }

  @Test("A password is known after it was found right, and none before")
  func remembered() throws {
    var memory = try memory()
    #expect(!memory.knows(password, of: ann, stored: "hash", now: .zero))
    memory.remember(password, of: ann, stored: "hash", now: .zero)
    #expect(memory.knows(password, of: ann, stored: "hash", now: .seconds(1)))
    #expect(memory.knows(password, of: ann, stored: "hash", now: .seconds(2)), "more than once")
  }

  @Test("Nothing but the same password of the same user with the same stored hash is known")
  func bound() throws {
    var memory = try memory()
    memory.remember(password, of: ann, stored: "hash", now: .zero)
    for other in ["Secret", "secre", "secrets", "", "secret\0"] {
      #expect(!memory.knows(Array(other.utf8), of: ann, stored: "hash", now: .zero), "\(other)")
    }
    #expect(!memory.knows(password, of: bob, stored: "hash", now: .zero))
    #expect(!memory.knows(password, of: ann, stored: "another", now: .zero))
    #expect(!memory.knows(password, of: ann, stored: "", now: .zero))
  }

  @Test("Where the stored hash ends and the password begins is not in doubt")
  func parts() throws {
    var memory = try memory()
    memory.remember(Array("bc".utf8), of: ann, stored: "a", now: .zero)
    #expect(!memory.knows(Array("c".utf8), of: ann, stored: "ab", now: .zero))
    #expect(!memory.knows(Array("abc".utf8), of: ann, stored: "", now: .zero))
  }

  @Test("A password is forgotten when its time is over, however often it was used meanwhile")
  func expiry() throws {
    var memory = try memory(lifetime: .seconds(10))
    memory.remember(password, of: ann, stored: "hash", now: .seconds(100))
    for second in 100..<110 {
      #expect(memory.knows(password, of: ann, stored: "hash", now: .seconds(second)))
    }
    #expect(!memory.knows(password, of: ann, stored: "hash", now: .seconds(110)))
    memory.remember(password, of: ann, stored: "hash", now: .seconds(110))
    #expect(memory.knows(password, of: ann, stored: "hash", now: .seconds(119)))
  }

  @Test("A wrong password changes nothing about the right one")
  func wrong() throws {
    var memory = try memory()
    memory.remember(password, of: ann, stored: "hash", now: .zero)
    for _ in 0..<100 { _ = memory.knows([1, 2, 3], of: ann, stored: "hash", now: .zero) }
    #expect(memory.knows(password, of: ann, stored: "hash", now: .zero))
  }

  @Test("A user has one remembered password: the last")
  func replaced() throws {
    var memory = try memory()
    memory.remember(password, of: ann, stored: "hash", now: .zero)
    memory.remember(Array("new".utf8), of: ann, stored: "new hash", now: .zero)
    #expect(memory.count == 1)
    #expect(!memory.knows(password, of: ann, stored: "hash", now: .zero))
    #expect(memory.knows(Array("new".utf8), of: ann, stored: "new hash", now: .zero))
  }

  @Test("There are never more than the limit; what is over goes first, then the oldest")
  func bounded() throws {
    var memory = try memory(lifetime: .seconds(10), limit: 3)
    let users = (0..<6).map { _ in UUID() }
    func known(at second: Int) -> [Int] {
      users.indices.filter { memory.knows(password, of: users[$0], stored: "", now: .seconds(second)) }
    }
    for (second, user) in users[0..<4].enumerated() {
      memory.remember(password, of: user, stored: "", now: .seconds(second))
    }
    #expect(memory.count == 3)
    #expect(known(at: 4) == [1, 2, 3])
    // One of those there does not push another out.
    memory.remember(password, of: users[1], stored: "", now: .seconds(5))
    #expect(known(at: 5) == [1, 2, 3])
    memory.remember(password, of: users[4], stored: "", now: .seconds(6))
    #expect(known(at: 6) == [1, 3, 4], "the oldest is the one verified longest ago")
    memory.remember(password, of: users[5], stored: "", now: .seconds(15))
    #expect(memory.count == 2, "those of 3 and 5 seconds are over")
    #expect(known(at: 15) == [4, 5])
  }

  @Test("The same password has another code under another key, and another for another user")
  func codes() throws {
    let (one, two) = (try EphemeralKey(), try EphemeralKey())
    #expect(one.code(of: password) == one.code(of: password))
    #expect(one.code(of: password) != two.code(of: password))
    #expect(one.code(of: password).count == 32)
  }
}

@Suite("The memory of passwords")
struct PasswordMemoryTests {
  private let user = UUID()
  private let password = Array("secret".utf8)

  private func isKnown(in memory: PasswordMemory) -> Bool { memory.knows(password, of: user, stored: "hash") }

  @Test("It remembers nothing until it is told for how long")
  func off() {
    let memory = PasswordMemory()
    memory.remember(password, of: user, stored: "hash")
    #expect(!isKnown(in: memory))
    memory.setLifetime(.zero)
    memory.remember(password, of: user, stored: "hash")
    #expect(!isKnown(in: memory))
  }

  @Test("It forgets everything when its lifetime is changed, and nothing when it stays as it is")
  func changed() {
    let memory = PasswordMemory()
    memory.setLifetime(.seconds(300))
    memory.remember(password, of: user, stored: "hash")
    memory.setLifetime(.seconds(300))
    #expect(isKnown(in: memory))
    memory.setLifetime(.seconds(600))
    #expect(!isKnown(in: memory))
    memory.remember(password, of: user, stored: "hash")
    memory.setLifetime(.zero)
    memory.setLifetime(.seconds(600))
    #expect(!isKnown(in: memory))
  }
}
