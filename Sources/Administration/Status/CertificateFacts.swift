import COpenSSL
import FoundationEssentials

/// When a certificate expires, and which it is.
public struct CertificateFacts: Sendable, Equatable {
  public let expires: Date
  /// Its SHA-256.
  public let fingerprint: [UInt8]

  init?(_ certificate: OpaquePointer) {
    var (days, seconds) = (Int32(0), Int32(0))
    guard ASN1_TIME_diff(&days, &seconds, nil, X509_get0_notAfter(certificate)) == 1 else { return nil }
    expires = Date(timeIntervalSinceNow: Double(days) * 86_400 + Double(seconds))
    var digest = [UInt8](repeating: 0, count: 32)
    guard X509_digest(certificate, EVP_sha256(), &digest, nil) == 1 else { return nil }
    fingerprint = digest
  }

  /// The first certificate of a PEM file; nil if it cannot be read, or has none.
  public init?(file: String) {
    guard let input = BIO_new_file(file, "r") else { return nil }
    defer { BIO_free(input) }
    guard let certificate = PEM_read_bio_X509(input, nil, nil, nil) else { return nil }
    defer { X509_free(certificate) }
    self.init(certificate)
  }

  public static func == (left: CertificateFacts, right: CertificateFacts) -> Bool {
    left.fingerprint == right.fingerprint
  }
}
