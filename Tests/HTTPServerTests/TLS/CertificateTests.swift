import Foundation
import Testing

@testable import HTTPServer

@Suite("Certificates", .serialized)
struct CertificateTests {
  private func load(_ chain: String, _ key: String, in fixture: CertificateFixture) throws -> Certificate {
    try Certificate(chainFile: fixture.path(chain), privateKeyFile: fixture.path(key))
  }

  /// What an operator is told of files that are refused, without the folder.
  private func refusal(_ chain: String, _ key: String, in fixture: CertificateFixture) -> String? {
    do throws(Certificate.Failure) {
      _ = try Certificate(chainFile: fixture.path(chain), privateKeyFile: fixture.path(key))
      return nil
    } catch {
      return "\(error)".replacingOccurrences(of: fixture.folder.path + "/", with: "")
    }
  }

  @Test("A certificate and its key are taken, alone and with its chain")
  func good() throws {
    let fixture = try CertificateFixture()
    try fixture.root("root")
    try fixture.issue("middle", by: "root", isAuthority: true)
    try fixture.issue("server", by: "middle", days: 20)
    try fixture.join("server.pem", "middle.pem", as: "chain.pem")
    try fixture.join("server.pem", "middle.pem", "root.pem", as: "whole-chain.pem")
    for chain in ["server.pem", "chain.pem", "whole-chain.pem"] {
      let certificate = try load(chain, "server.key", in: fixture)
      #expect(certificate.subject == "/CN=server")
      #expect(abs(certificate.daysLeft - 20) < 0.1)
      #expect(abs(certificate.expires.timeIntervalSinceNow / 86_400 - 20) < 0.1)
    }
    #expect(try load("root.pem", "root.key", in: fixture).subject == "/CN=root", "self-signed")
  }

  @Test("An RSA key is taken as well, and text around the PEM does not matter")
  func rsa() throws {
    let fixture = try CertificateFixture()
    try fixture.openssl(
      "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=rsa", "-days", "2", "-text", "-keyout",
      "rsa.key", "-out", "rsa.pem")
    #expect(try load("rsa.pem", "rsa.key", in: fixture).subject == "/CN=rsa")
  }

  @Test(
    "A key that the TLS library cannot serve with is refused in words",
    arguments: [
      (["EC", "-pkeyopt", "ec_paramgen_curve:brainpoolP256r1"], "a key on the curve brainpoolP256r1"),
      (["EC", "-pkeyopt", "ec_paramgen_curve:secp256k1"], "a key on the curve secp256k1"),
      (["RSA", "-pkeyopt", "rsa_keygen_bits:1024"], "no chain of PEM certificates (a key is too short)"),
      (["ED448"], "a key of the kind ED448"),
    ])
  func unsupportedKeys(algorithm: [String], reason: String) throws {
    let fixture = try CertificateFixture()
    try fixture.openssl(["genpkey", "-algorithm"] + algorithm + ["-out", "odd.key"])
    try fixture.openssl([
      "req", "-x509", "-key", "odd.key", "-subj", "/CN=odd", "-days", "2", "-out", "odd.pem",
    ])
    #expect(refusal("odd.pem", "odd.key", in: fixture)?.hasPrefix("odd.pem: \(reason)") == true)
  }

  @Test("A key that belongs to another certificate is refused, with the file's name")
  func wrongKey() throws {
    let fixture = try CertificateFixture()
    try fixture.root("one")
    try fixture.root("other")
    let text = try #require(refusal("one.pem", "other.key", in: fixture))
    #expect(text.hasPrefix("other.key: not the private key of one.pem"))
  }

  @Test("A certificate that has expired, or is not valid yet, is refused")
  func validity() throws {
    let fixture = try CertificateFixture()
    try fixture.root("root")
    try fixture.issue("late", by: "root", days: -1)
    try fixture.issueForLater("early", by: "root")
    #expect(refusal("late.pem", "late.key", in: fixture)?.hasPrefix("late.pem: expired on ") == true)
    #expect(refusal("early.pem", "early.key", in: fixture) == "early.pem: not valid yet")
  }

  @Test("A chain that is out of order, or of another authority, is refused and says where")
  func order() throws {
    let fixture = try CertificateFixture()
    try fixture.root("root")
    try fixture.root("stranger")
    try fixture.issue("middle", by: "root", isAuthority: true)
    try fixture.issue("server", by: "middle")
    try fixture.join("server.pem", "root.pem", "middle.pem", as: "swapped.pem")
    try fixture.join("server.pem", "middle.pem", "stranger.pem", as: "strange.pem")
    try fixture.join("server.pem", "server.pem", as: "twice.pem")
    try fixture.join("middle.pem", "server.pem", as: "reversed.pem")
    func text(_ file: String, _ number: Int) -> String {
      "\(file): certificate \(number) of the chain did not issue the one before it"
    }
    #expect(refusal("swapped.pem", "server.key", in: fixture) == text("swapped.pem", 2))
    #expect(refusal("strange.pem", "server.key", in: fixture) == text("strange.pem", 3))
    #expect(refusal("twice.pem", "server.key", in: fixture) == text("twice.pem", 2))
    #expect(
      refusal("reversed.pem", "server.key", in: fixture)?.hasPrefix("server.key: not the private key of")
        == true)
  }

  @Test("Files that are missing, empty, or hold something else are refused")
  func noPEM() throws {
    let fixture = try CertificateFixture()
    try fixture.root("root")
    try fixture.write("", to: "empty")
    try fixture.write("Dear Sir or Madam,\n", to: "letter")
    try fixture.write("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", to: "broken")
    #expect(refusal("nothing", "root.key", in: fixture) == "cannot read nothing: there is no such file")
    #expect(refusal("root.pem", "nothing", in: fixture) == "cannot read nothing: there is no such file")
    for name in ["empty", "letter", "broken", "root.key"] {
      #expect(
        refusal(name, "root.key", in: fixture)?.hasPrefix("\(name): no chain of PEM") == true, "\(name)")
    }
    for name in ["empty", "letter", "broken", "root.pem"] {
      #expect(
        refusal("root.pem", name, in: fixture)?.hasPrefix("\(name): not the private key") == true, "\(name)")
    }
  }

  @Test("A key with a passphrase is refused, and nobody is asked for it", .timeLimit(.minutes(20)))
  func passphrase() throws {
    let fixture = try CertificateFixture()
    try fixture.root("root")
    try fixture.openssl(
      "pkey", "-in", "root.key", "-aes256", "-passout", "pass:secret", "-out", "locked.key")
    #expect(
      refusal("root.pem", "locked.key", in: fixture)?.hasPrefix("locked.key: not the private key") == true)
  }
}
