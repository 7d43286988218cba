/// A line typed without echo, byte by byte. The terminal is raw, so this edits and ends the line: no signal may end
/// the program while the echo is off.
struct PasswordLine {
  enum Step: Equatable {
    case more
    case done
    /// Control-C, or Control-D with nothing before it.
    case cancelled
  }

  private(set) var bytes: [UInt8] = []

  mutating func take(_ byte: UInt8) -> Step {
    switch byte {
    case UInt8(ascii: "\n"), UInt8(ascii: "\r"): return .done
    case 0x03: return .cancelled
    case 0x04 where bytes.isEmpty: return .cancelled
    case 0x08, 0x7F: removeCharacter()
    case 0x15: bytes = []  // Control-U
    case 0x00..<0x20: break
    default: bytes.append(byte)
    }
    return .more
  }

  /// Removes a character of UTF-8: its continuation bytes and the byte before them.
  private mutating func removeCharacter() {
    while let last = bytes.popLast(), last & 0b1100_0000 == 0b1000_0000 {}
  }
}
