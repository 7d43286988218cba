import FoundationEssentials
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
    ] {
      #expect(try TokenForm(Array(body.utf8)).grant() == expected)
    }
    for (body, code) in [
      ("", "invalid_request"), ("grant_type=password", "invalid_request"),
      ("grant_type=magic&username=a&password=YQ==", "unsupported_grant_type"),
      ("grant_type=password&username=a&password=*", "invalid_request"),
      ("grant_type=password&username=a&username=b&password=YQ==", "invalid_request"),
      (#"{"grant_type":"password","username":1,"password":"YQ=="}"#, "invalid_request"),
      (#"{"grant_type":"password","password":"YQ==","PASSWORD":"Yg==","username":"a"}"#, "invalid_request"),
    ] {
      let mistake = #expect(throws: TokenForm.Mistake.self) { _ = try TokenForm(Array(body.utf8)).grant() }
      #expect(mistake?.code == code, "\(body)")
    }
  }

  @Test("Random bytes never trap")
  func randomBytes() {
    var generator = SystemRandomNumberGenerator()
    for _ in 0..<20_000 {
      let bytes = (0..<Int.random(in: 0...40, using: &generator)).map { _ in
        Bool.random() ? UInt8.random(in: 0...255) : Array("&=%?/ +jobid".utf8).randomElement()!
      }
      _ = try? TokenForm(bytes).grant()
    }
  }
}
