import COpenSSL
import FoundationEssentials

/// A password's scrypt hash with its parameters, as text: `$scrypt$ln=15,r=8,p=3$salt$hash`, both in Base64
/// without padding (the PHC string format).
public struct PasswordHash: Sendable, Equatable {
  public enum Failure: Error { case outOfMemory, noRandomBytes }

  let parameters: ScryptParameters
  let salt: [UInt8]
  let hash: [UInt8]

  static let saltLength = 16
  static let hashLength = 32

  /// Hashes a password with a new salt. Slow by design: tens of milliseconds and more.
  ///
  /// - Returns: The text to be stored.
  public static func make(_ password: [UInt8], parameters: ScryptParameters) throws -> String {
    let salt = try randomBytes(saltLength)
    return PasswordHash(parameters: parameters, salt: salt, hash: try scrypt(password, salt, parameters)).text
  }

  init(parameters: ScryptParameters, salt: [UInt8], hash: [UInt8]) {
    self.parameters = parameters
    self.salt = salt
    self.hash = hash
  }

  /// - Returns: nil if the text is no such hash, or its cost is out of range.
  init?(_ text: String) {
    let parts = text.split(separator: "$", omittingEmptySubsequences: false)
    guard parts.count == 5, parts[0].isEmpty, parts[1] == "scrypt" else { return nil }
    var costs: [Substring: Int] = [:]
    for item in parts[2].split(separator: ",") {
      let pair = item.split(separator: "=")
      guard pair.count == 2, let number = Int(pair[1]) else { return nil }
      costs[pair[0]] = number
    }
    guard let logN = costs["ln"], let r = costs["r"], let p = costs["p"],
      (1...20).contains(logN), (1...32).contains(r), (1...16).contains(p),
      let salt = Self.base64(parts[3]), let hash = Self.base64(parts[4]), hash.count >= 16
    else { return nil }
    parameters = ScryptParameters(logN: logN, r: r, p: p)
    self.salt = salt
    self.hash = hash
  }

  var text: String {
    let cost = "ln=\(parameters.logN),r=\(parameters.r),p=\(parameters.p)"
    return "$scrypt$\(cost)$\(Self.base64(salt))$\(Self.base64(hash))"
  }

  /// Compares in constant time.
  func matches(_ password: [UInt8]) throws -> Bool {
    let other = try Self.scrypt(password, salt, parameters, length: hash.count)
    return CRYPTO_memcmp(other, hash, hash.count) == 0
  }

  private static func scrypt(
    _ password: [UInt8], _ salt: [UInt8], _ parameters: ScryptParameters, length: Int = hashLength
  ) throws -> [UInt8] {
    let n = UInt64(1) << UInt64(parameters.logN)
    let memory = 128 * UInt64(parameters.r) * (n + UInt64(parameters.p)) + 1_048_576
    var key = [UInt8](repeating: 0, count: length)
    let done = password.withUnsafeBytes { bytes in
      EVP_PBE_scrypt(
        bytes.baseAddress?.assumingMemoryBound(to: CChar.self), bytes.count, salt, salt.count, n,
        UInt64(parameters.r), UInt64(parameters.p), memory, &key, length)
    }
    guard done == 1 else { throw Failure.outOfMemory }
    return key
  }

  private static func base64(_ bytes: [UInt8]) -> String {
    var text = Data(bytes).base64EncodedString()
    while text.last == "=" { text.removeLast() }
    return text
  }

  private static func base64(_ text: Substring) -> [UInt8]? {
    Data(base64Encoded: text + String(repeating: "=", count: (4 - text.count % 4) % 4)).map(Array.init)
  }
}

/// Cryptographically secure random bytes.
func randomBytes(_ count: Int) throws -> [UInt8] {
  var bytes = [UInt8](repeating: 0, count: count)
  guard RAND_bytes(&bytes, Int32(count)) == 1 else { throw PasswordHash.Failure.noRandomBytes }
  return bytes
}
