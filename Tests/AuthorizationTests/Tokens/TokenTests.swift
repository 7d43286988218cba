import FoundationEssentials
import Testing

@testable import Authorization

@Suite("Tokens")
struct TokenTests {
  @Test("A token is 43 characters of base64url, which stand for 256 bits")
  func form() throws {
    let alphabet = Set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
    var seen: Set<Character> = []
    for _ in 0..<500 {
      let text = try Token.random().text
      #expect(text.count == 43 && text.allSatisfy(alphabet.contains))
      let base64 = text.replacing("-", with: "+").replacing("_", with: "/") + "="
      #expect(Data(base64Encoded: base64)?.count == 32)
      seen.formUnion(text)
    }
    #expect(seen == alphabet, "all of it is used")
  }

  @Test("No two are the same")
  func unique() throws {
    let tokens = try (0..<2000).map { _ in try Token.random().text }
    #expect(Set(tokens).count == 2000)
    #expect(Set(tokens.map { $0.prefix(8) }).count == 2000, "nor begin the same")
  }

  @Test("The store knows a token's SHA-256 (FIPS 180-4)")
  func hash() throws {
    func hexadecimal(_ bytes: [UInt8]) -> String {
      bytes.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
    }
    #expect(
      hexadecimal(Token(text: "abc").hash)
        == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    #expect(
      hexadecimal(Token(text: "").hash) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
    let token = try Token.random()
    #expect(token.hash.count == 32)
    #expect(token.hash == Token(text: token.text).hash)
    #expect(token.hash != Token(text: token.text + "x").hash)
    #expect(Token(text: String(repeating: "x", count: 1_000_000)).hash.count == 32)
  }

  @Test("Random bytes are as many as asked for, and not the same twice")
  func random() throws {
    #expect(try randomBytes(0).isEmpty)
    #expect(try randomBytes(16).count == 16)
    #expect(try randomBytes(32) != randomBytes(32))
  }
}
