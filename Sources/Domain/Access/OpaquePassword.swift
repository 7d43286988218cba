@_spi(_Unicode) import Swift

/// The form in which passwords are hashed: RFC 8265, section 4.2 (OpaqueString). Every space is U+0020, and the text is in
/// NFC, so that a password does not depend on the keyboard that composed it.
public enum OpaquePassword {
  /// - Parameter password: Bytes that are not UTF-8 stay as they are.
  public static func normalized(_ password: [UInt8]) -> [UInt8] {
    guard password.contains(where: { $0 >= 0x80 }), let text = String(validating: password, as: UTF8.self)
    else { return password }
    var spaced = ""
    for scalar in text.unicodeScalars {
      spaced.unicodeScalars.append(scalar.properties.generalCategory == .spaceSeparator ? " " : scalar)
    }
    var normalized = ""
    normalized.unicodeScalars.append(contentsOf: spaced._nfc)
    return Array(normalized.utf8)
  }
}
