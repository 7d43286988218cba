import COpenSSL

/// A random key for HMAC-SHA-256 (RFC 2104) that exists in this process's memory only and is overwritten when it is
/// released.
///
/// Unchecked: the bytes are not changed between `init` and `deinit`.
final class EphemeralKey: @unchecked Sendable {
  /// The length of the key and of its codes, in bytes.
  static let length = Int(SHA256_DIGEST_LENGTH)

  private let bytes: UnsafeMutableRawBufferPointer

  init() throws {
    bytes = .allocate(byteCount: Self.length, alignment: 1)
    guard RAND_bytes(bytes.baseAddress, Int32(Self.length)) == 1 else {
      bytes.deallocate()
      throw PasswordHash.Failure.noRandomBytes
    }
  }

  deinit {
    OPENSSL_cleanse(bytes.baseAddress, bytes.count)
    bytes.deallocate()
  }

  /// The message's authentication code.
  func code(of message: [UInt8]) -> [UInt8] {
    var code = [UInt8](repeating: 0, count: Self.length)
    HMAC(EVP_sha256(), bytes.baseAddress, Int32(Self.length), message, message.count, &code, nil)
    return code
  }
}
