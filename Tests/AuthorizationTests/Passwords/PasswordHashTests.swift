import Testing

@testable import Authorization

@Suite("A password's hash")
struct PasswordHashTests {
  private static let cheap = ScryptParameters(logN: 4, r: 2, p: 1)

  private func bytes(hexadecimal: String) -> [UInt8] {
    let digits = hexadecimal.compactMap(\.hexDigitValue)
    return stride(from: 0, to: digits.count, by: 2).map { UInt8(digits[$0] * 16 + digits[$0 + 1]) }
  }

  @Test("scrypt is that of RFC 7914, section 12")
  func testVectors() throws {
    let vectors: [(password: String, salt: String, parameters: ScryptParameters, hash: String)] = [
      (
        "", "", ScryptParameters(logN: 4, r: 1, p: 1),
        """
        77 d6 57 62 38 65 7b 20 3b 19 ca 42 c1 8a 04 97 f1 6b 48 44 e3 07 4a e8 df df fa 3f ed e2 14 42
        fc d0 06 9d ed 09 48 f8 32 6a 75 3a 0f c8 1f 17 e8 d3 e0 fb 2e 0d 36 28 cf 35 e2 0c 38 d1 89 06
        """
      ),
      (
        "password", "NaCl", ScryptParameters(logN: 10, r: 8, p: 16),
        """
        fd ba be 1c 9d 34 72 00 78 56 e7 19 0d 01 e9 fe 7c 6a d7 cb c8 23 78 30 e7 73 76 63 4b 37 31 62
        2e af 30 d9 2e 22 a3 88 6f f1 09 27 9d 98 30 da c7 27 af b9 4a 83 ee 6d 83 60 cb df a2 cc 06 40
        """
      ),
      (
        "pleaseletmein", "SodiumChloride", ScryptParameters(logN: 14, r: 8, p: 1),
        """
        70 23 bd cb 3a fd 73 48 46 1c 06 cd 81 fd 38 eb fd a8 fb ba 90 4f 8e 3e a9 b5 43 f6 54 5d a1 f2
        d5 43 29 55 61 3f 0f cf 62 d4 97 05 24 2a 9a f9 e6 1e 85 dc 0d 65 1e 40 df cf 01 7b 45 57 58 87
        """
      ),
    ]
    for (password, salt, parameters, hash) in vectors {
      var expected = bytes(hexadecimal: hash)
      #expect(expected.count == 64)
      let known = PasswordHash(parameters: parameters, salt: Array(salt.utf8), hash: expected)
      #expect(try known.matches(Array(password.utf8)))
      expected[63] ^= 1
      let other = PasswordHash(parameters: parameters, salt: Array(salt.utf8), hash: expected)
      #expect(try !other.matches(Array(password.utf8)))
    }
  }

  @Test(
    "The right password matches its hash, and no other does",
    arguments: ["", "secret", "Grüße 🗂️", String(repeating: "x", count: 1024)])
  func roundTrip(password: String) throws {
    let password = Array(password.utf8)
    let text = try PasswordHash.make(password, parameters: Self.cheap)
    let hash = try #require(PasswordHash(text))
    #expect(hash.parameters == Self.cheap && hash.salt.count == 16 && hash.hash.count == 32)
    #expect(hash.text == text)
    #expect(try hash.matches(password))
    for other in [password + [0x20], password + password + [1], Array(password.dropLast()), [0xFF]]
    where other != password {
      #expect(try !hash.matches(other))
    }
  }

  @Test("Two hashes of one password have nothing in common, as each has its own salt")
  func salts() throws {
    let texts = try (0..<50).map { _ in try PasswordHash.make([1, 2, 3], parameters: Self.cheap) }
    let hashes = try texts.map { try #require(PasswordHash($0)) }
    #expect(Set(hashes.map(\.salt)).count == 50)
    #expect(Set(hashes.map(\.hash)).count == 50)
  }

  @Test("The text is the PHC string format, and holds no padding")
  func text() {
    let hash = PasswordHash(
      parameters: ScryptParameters(logN: 15, r: 8, p: 3), salt: [UInt8](repeating: 0xFF, count: 16),
      hash: [UInt8](repeating: 0, count: 32))
    let expected = "$scrypt$ln=15,r=8,p=3$/////////////////////w$" + String(repeating: "A", count: 43)
    #expect(hash.text == expected)
    #expect(PasswordHash(expected) == hash)
  }

  @Test(
    "What is no such hash is not read, nor is one whose cost is out of range",
    arguments: [
      "", "$", "secret", "$scrypt", "$scrypt$", "$scrypt$$$", "$scrypt$ln=4,r=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$",
      "$scrypt$ln=4,r=2,p=1$$", "scrypt$ln=4,r=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA",
      "$scrypt$ln=4,r=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA$",
      "$scrypt$ln=4,r=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA\n",
      "$argon2id$ln=4,r=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA",
      "$SCRYPT$ln=4,r=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA",
      // Costs that are missing, no numbers, or out of range.
      "$scrypt$ln=4,r=2$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA",
      "$scrypt$r=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA",
      "$scrypt$ln=x,r=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA",
      "$scrypt$ln=,r=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA",
      "$scrypt$ln=4=4,r=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA",
      "$scrypt$ln=0,r=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA",
      "$scrypt$ln=-4,r=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA",
      "$scrypt$ln=21,r=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA",
      "$scrypt$ln=64,r=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA",
      "$scrypt$ln=4,r=0,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA",
      "$scrypt$ln=4,r=33,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA",
      "$scrypt$ln=4,r=2,p=0$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA",
      "$scrypt$ln=4,r=2,p=17$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA",
      "$scrypt$ln=99999999999999999999,r=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA",
      // Base64 that is none, and a hash that is too short to prove anything.
      "$scrypt$ln=4,r=2,p=1$AAAAA$AAAAAAAAAAAAAAAAAAAAAA", "$scrypt$ln=4,r=2,p=1$A*AA$AAAAAAAAAAAAAAAAAAAAAA",
      "$scrypt$ln=4,r=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAA AAAAAAAAAAAAAAAAA",
      "$scrypt$ln=4,r=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAA",
      "$scrypt$ln=4,r=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AA",
      "$scrypt$ln=4,r=2,p=1$ÄÄÄÄ$AAAAAAAAAAAAAAAAAAAAAA",
    ])
  func malformed(text: String) {
    #expect(PasswordHash(text) == nil)
  }

  @Test("A hash of the shortest length that is taken is read")
  func shortest() throws {
    let hash = try #require(PasswordHash("$scrypt$ln=4,r=2,p=1$AAAA$AAAAAAAAAAAAAAAAAAAAAA"))
    #expect(hash.salt == [0, 0, 0] && hash.hash.count == 16)
    #expect(try !hash.matches([1]))
  }

  @Test("A cost that scrypt does not know is an error, and no match")
  func impossibleCost() throws {
    // RFC 7914, section 2: N must be less than 2^(128 * r / 8).
    let hash = try #require(PasswordHash("$scrypt$ln=16,r=1,p=1$AAAA$AAAAAAAAAAAAAAAAAAAAAA"))
    #expect(throws: PasswordHash.Failure.outOfMemory) { try hash.matches([1]) }
  }

  @Test("A cost is at least another if no part of it is lower")
  func costs() {
    let cost = ScryptParameters(logN: 15, r: 8, p: 3)
    #expect(cost.isAtLeast(cost))
    #expect(ScryptParameters(logN: 16, r: 9, p: 4).isAtLeast(cost))
    for lower in [
      ScryptParameters(logN: 14, r: 32, p: 16), ScryptParameters(logN: 20, r: 7, p: 16),
      ScryptParameters(logN: 20, r: 32, p: 2),
    ] {
      #expect(!lower.isAtLeast(cost))
    }
  }
}
