import FoundationEssentials
import Testing

@testable import HTTPServer

@Suite("A request's header fields")
struct RequestTests {
  private func request(_ fields: (String, String)...) -> Request {
    Request(
      id: UUID(), method: "GET", target: Target(Array("/".utf8)),
      headers: Headers(fields.map { (name: $0.0, value: $0.1) }), body: [], peer: "")
  }

  @Test("Fields are found in any case, all values in their order, and nothing that is only alike")
  func headers() {
    var headers = Headers([(name: "Accept", value: "1"), (name: "X-Thing", value: "2")])
    headers.append("ACCEPT", "3")
    #expect(headers.values("accept") == ["1", "3"])
    #expect(headers["aCCEPT"] == "1" && headers["x-thing"] == "2")
    #expect(headers["Accep"] == nil && headers.values("Accept-") == [])
    // Characters whose codes differ by the same bit as the two cases of a letter.
    #expect(Headers([(name: "a[b", value: "1")])["a{b"] == nil)
    #expect(Headers([(name: "a@b", value: "1")])["a`b"] == nil)
    #expect(Headers([(name: "a-b", value: "1")])["a\rb"] == nil)
  }

  @Test(
    "The bearer token is what follows the scheme, in whatever case that is written",
    arguments: [
      ("Bearer abc", "abc"), ("bearer abc", "abc"), ("BEARER abc", "abc"), ("Bearer  abc ", "abc"),
      ("Bearer a.b-c_d~e+f/g=", "a.b-c_d~e+f/g="), ("Bearer a b", "a b"),
    ])
  func bearer(value: String, token: String) {
    #expect(request(("Authorization", value)).bearer == token)
    #expect(request(("Accept", "*/*"), ("AUTHORIZATION", value)).bearer == token)
  }

  @Test(
    "Anything else is no bearer token",
    arguments: ["", "Bearer", "Bearer ", "Basic abc", "abc", "Bearerabc", "Token abc", "Bearer,abc"])
  func noBearer(value: String) {
    #expect(request(("Authorization", value)).bearer == nil)
  }

  @Test("Nor is none at all, or two of them")
  func bearerNotOnce() {
    #expect(request().bearer == nil)
    #expect(request(("Authorization", "Bearer abc"), ("authorization", "Bearer abc")).bearer == nil)
  }

  @Test(
    "A representation is preferred where the client says so (RFC 7240)",
    arguments: [
      "return=representation", "Return=Representation", "return=\"representation\"",
      " return = representation ",
      "respond-async, return=representation", "return=representation; foo=bar",
      "wait=10,return=representation",
      "return=representation, return=minimal",
    ])
  func representation(value: String) {
    #expect(request(("Prefer", value)).prefersRepresentation)
    #expect(request(("prefer", "wait=1"), ("PREFER", value)).prefersRepresentation)
  }

  @Test(
    "And nowhere else",
    arguments: [
      "", "return", "representation", "return=minimal", "return=representations", "returns=representation",
      "wait=10; return=representation", "return==representation", "return=\"representation",
      "x-return=representation",
      // Section 2: of two that are named alike the first counts.
      "return=minimal, return=representation",
    ])
  func noRepresentation(value: String) {
    #expect(!request(("Prefer", value)).prefersRepresentation)
  }

  @Test("Without the field the answer is short")
  func noPreference() {
    #expect(!request().prefersRepresentation)
    #expect(!request(("Accept", "return=representation")).prefersRepresentation)
  }
}
