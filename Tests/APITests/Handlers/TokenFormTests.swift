import FoundationEssentials
import TestRandom
import Testing

@testable import API
@testable import Authorization

@Suite("Token requests")
struct TokenFormTests {
  @Test("The password is Base64 with its raw plus, slash and equals signs, or encoded, or in JSON")
  func passwords() throws {
    let expected = TokenGrant.password(userName: "DOMAIN\\ann", password: [0xfb, 0xff, 0xfe, 0x20])
    for body in [
      "grant_type=password&username=DOMAIN\\ann&password=+//+IA==",
      "grant_type=password&username=DOMAIN%5Cann&password=%2B%2F%2F%2BIA%3D%3D",
      #"{"grant_type":"password","username":"DOMAIN\\ann","password":"+//+IA==","more":1}"#,
      "GRANT_TYPE=Password&UserName=DOMAIN\\ann&password= // IA",
      "grant_type=password&username=DOMAIN\\ann&password=+//%0D%0A+IA%09==",
    ] {
      #expect(try TokenForm(Array(body.utf8)).grant() == expected)
    }
    for (body, code) in [
      ("", "invalid_request"), ("grant_type=password", "invalid_request"),
      ("grant_type=magic&username=a&password=YQ==", "unsupported_grant_type"),
      ("grant_type=password&username=a&password=*", "invalid_request"),
      ("grant_type=password&username=a&username=b&password=YQ==", "invalid_request"),
      ("grant_type=password&username=a&password=" + String(repeating: "+", count: 16_000), "invalid_request"),
      ("grant_type=password&username=a&password=YQ=a", "invalid_request"),
      (
        "grant_type=password&username=" + String(repeating: "e\u{301}", count: 400) + "&password=YQ==",
        "invalid_request"
      ),
      (#"{"grant_type":"password","username":1,"password":"YQ=="}"#, "invalid_request"),
      (#"{"grant_type":"password","password":"YQ==","PASSWORD":"Yg==","username":"a"}"#, "invalid_request"),
    ] {
      let mistake = #expect(throws: TokenForm.Mistake.self) { _ = try TokenForm(Array(body.utf8)).grant() }
      #expect(mistake?.code == code, "\(body)")
    }
  }

  @Test("Damaged requests are refused with a code of RFC 6749, or still mean a grant without a NUL")
  func damaged() throws {
    var random = SeededRandom(seed: 53)
    let bodies = [
      "grant_type=password&username=D\\ann&password=YQ==", "grant_type=refresh_token&refresh_token=abc",
      #"{"grant_type":"password","username":"D\\ann","password":"YQ=="}"#,
    ].map { Array($0.utf8) }
    let alphabet = Array("&=%?/ +_{}\"\\:,gpu".utf8) + [0, 0x0A, 0xFF]
    var (grants, refusals) = (0, 0)
    for _ in 0..<10_000 {
      var bytes = bodies.randomElement(using: &random)!
      for _ in 0..<Int.random(in: 1...3, using: &random) {
        let place = Int.random(in: 0..<bytes.count, using: &random)
        switch Int.random(in: 0..<3, using: &random) {
        case 0: bytes.remove(at: place)
        case 1: bytes.insert(alphabet.randomElement(using: &random)!, at: place)
        default: bytes[place] = alphabet.randomElement(using: &random)!
        }
      }
      do throws(TokenForm.Mistake) {
        switch try TokenForm(bytes).grant() {
        case .password(let name, _): #expect(!name.isEmpty && !name.utf8.contains(0), "\(bytes)")
        case .refresh(let token): #expect(!token.isEmpty && !token.utf8.contains(0), "\(bytes)")
        }
        grants += 1
      } catch {
        #expect(["invalid_request", "unsupported_grant_type"].contains(error.code), "\(bytes)")
        refusals += 1
      }
    }
    #expect(grants > 300 && refusals > 300, "\(grants) grants, \(refusals) refusals")
  }
}
