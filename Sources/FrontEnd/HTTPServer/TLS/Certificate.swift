import CGnuTLS
import COpenSSL
import FoundationEssentials
import Glibc

/// A certificate chain and its private key, checked before anything is served with them.
public struct Certificate: Sendable {
  public enum Failure: Error, CustomStringConvertible {
    case unreadable(file: String, reason: String)
    case invalid(file: String, reason: String)

    public var description: String {
      switch self {
      case .unreadable(let file, let reason): "cannot read \(file): \(reason)"
      case .invalid(let file, let reason): "\(file): \(reason)"
      }
    }
  }

  /// Both in PEM.
  let chain: String
  let privateKey: String
  /// The subject's common name, or all of it.
  public let subject: String
  public let expires: Date

  public var daysLeft: Double { expires.timeIntervalSinceNow / 86_400 }

  /// Reads and checks the files: the chain is in order, the key is the first certificate's, and the certificate
  /// is valid now.
  public init(chainFile: String, privateKeyFile: String) throws(Failure) {
    chain = try Self.read(chainFile)
    privateKey = try Self.read(privateKeyFile)

    guard let context = SSL_CTX_new(TLS_server_method()) else {
      throw .invalid(file: chainFile, reason: "OpenSSL is out of memory")
    }
    defer { SSL_CTX_free(context) }
    guard SSL_CTX_use_certificate_chain_file(context, chainFile) == 1 else {
      throw .invalid(file: chainFile, reason: "no chain of PEM certificates (\(Self.reason()))")
    }
    guard SSL_CTX_use_PrivateKey_file(context, privateKeyFile, SSL_FILETYPE_PEM) == 1,
      SSL_CTX_check_private_key(context) == 1
    else {
      throw .invalid(
        file: privateKeyFile, reason: "not the private key of \(chainFile) in PEM (\(Self.reason()))")
    }
    guard let leaf = SSL_CTX_get0_certificate(context) else {
      throw .invalid(file: chainFile, reason: "holds no certificate")
    }
    try Self.checkKey(leaf, chainFile)
    try Self.checkOrder(leaf, context, chainFile)
    try Self.checkLoading(chain, privateKey, chainFile)

    var days: Int32 = 0
    var seconds: Int32 = 0
    guard ASN1_TIME_diff(&days, &seconds, nil, X509_get0_notAfter(leaf)) == 1 else {
      throw .invalid(file: chainFile, reason: "the end of its validity cannot be read")
    }
    expires = Date(timeIntervalSinceNow: Double(days) * 86_400 + Double(seconds))
    guard expires.timeIntervalSinceNow > 0 else {
      throw .invalid(file: chainFile, reason: "expired on \(expires)")
    }
    guard X509_cmp_current_time(X509_get0_notBefore(leaf)) < 0 else {
      throw .invalid(file: chainFile, reason: "not valid yet")
    }
    var name = [CChar](repeating: 0, count: 256)
    X509_NAME_oneline(X509_get_subject_name(leaf), &name, 256)
    subject = String(decoding: name.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
  }

  /// The curves and kinds of keys that the server's TLS settings can use.
  private static let curves = ["prime256v1", "secp384r1", "secp521r1"]

  /// Refuses keys that OpenSSL reads and GnuTLS cannot serve with.
  private static func checkKey(_ leaf: OpaquePointer, _ file: String) throws(Failure) {
    guard let key = X509_get0_pubkey(leaf), let name = EVP_PKEY_get0_type_name(key) else {
      throw .invalid(file: file, reason: "the public key cannot be read")
    }
    let kind = String(cString: name)
    switch kind {
    case "EC":
      var text = [CChar](repeating: 0, count: 80)
      var length = 0
      EVP_PKEY_get_group_name(key, &text, text.count, &length)
      let curve = String(decoding: text.prefix(length).map(UInt8.init(bitPattern:)), as: UTF8.self)
      guard curves.contains(curve) else {
        throw .invalid(
          file: file, reason: "a key on the curve \(curve); use P-256, P-384, P-521, Ed25519 or RSA")
      }
    case "ED25519", "RSA", "RSA-PSS": return
    default:
      throw .invalid(file: file, reason: "a key of the kind \(kind); use P-256, P-384, P-521, Ed25519 or RSA")
    }
  }

  /// Refuses what OpenSSL reads and GnuTLS, which serves it, does not.
  private static func checkLoading(_ chain: String, _ privateKey: String, _ file: String) throws(Failure) {
    var credentials: gnutls_certificate_credentials_t?
    guard gnutls_certificate_allocate_credentials(&credentials) == 0, let credentials else {
      throw .invalid(file: file, reason: "GnuTLS is out of memory")
    }
    defer { gnutls_certificate_free_credentials(credentials) }
    let code = withDatum(chain) { chain in
      withDatum(privateKey) {
        gnutls_certificate_set_x509_key_mem(credentials, chain, $0, GNUTLS_X509_FMT_PEM)
      }
    }
    guard code >= 0 else {
      throw .invalid(
        file: file, reason: "cannot be served with its key (\(String(cString: gnutls_strerror(code))))")
    }
  }

  private static func withDatum<Result>(_ text: String, _ body: (UnsafePointer<gnutls_datum_t>) -> Result)
    -> Result
  {
    var text = text
    return text.withUTF8 { bytes in
      var datum = gnutls_datum_t(
        data: UnsafeMutablePointer(mutating: bytes.baseAddress), size: UInt32(bytes.count))
      return body(&datum)
    }
  }

  /// Each certificate must be issued by the next (RFC 8446, section 4.4.2).
  private static func checkOrder(_ leaf: OpaquePointer, _ context: OpaquePointer, _ file: String)
    throws(Failure)
  {
    var extra: OpaquePointer?
    guard ccs_chain(context, &extra) == 1, let extra else { return }
    var below = leaf
    for index in 0..<ccs_chain_count(extra) {
      guard let issuer = ccs_chain_certificate(extra, index) else { continue }
      guard X509_check_issued(issuer, below) == X509_V_OK else {
        throw .invalid(
          file: file, reason: "certificate \(index + 2) of the chain did not issue the one before it")
      }
      below = issuer
    }
  }

  private static func read(_ file: String) throws(Failure) -> String {
    guard access(file, R_OK) == 0 else {
      throw .unreadable(
        file: file, reason: errno == ENOENT ? "there is no such file" : String(cString: strerror(errno)))
    }
    guard let text = try? String(contentsOfFile: file, encoding: .utf8) else {
      throw .unreadable(file: file, reason: "it is not a text file")
    }
    return text
  }

  /// OpenSSL's first error in words; clears the rest.
  private static func reason() -> String {
    let code = ERR_get_error()
    ERR_clear_error()
    let reason = ERR_reason_error_string(code).map { String(cString: $0) }
    return switch reason {
    case "no start line": "the file has no PEM block of that kind"
    case "ee key too small", "ca key too small": "a key is too short"
    case "key values mismatch", "key type mismatch": "the key belongs to another certificate"
    case "problems getting password", "bad password read", "bad decrypt", "interrupted or cancelled":
      "the key is encrypted"
    case let reason?: reason
    case nil: "OpenSSL gives no reason"
    }
  }
}
