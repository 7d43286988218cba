import FoundationEssentials

/// The text with which a client requests the next page: where it begins, its number and size, the total counted for the
/// first page, and the search.
///
/// It is Base64 (RFC 4648, section 5, without padding) of the fields and a checksum over them and the search, which detects
/// a cursor of another search and a damaged one. The checksum is no secret: a forged cursor shows nothing that its maker
/// may not see anyway.
public enum SearchCursor {
  /// - Parameters:
  ///   - page: The previous page.
  ///   - search: The search as text, different for different searches.
  public static func text(
    after position: SearchPosition, page: SearchPage, total: SearchTotal, search: String
  ) -> String {
    var bytes: [UInt8] = []
    append(UInt64(page.number + 1), to: &bytes)
    append(UInt64(page.size), to: &bytes)
    append(UInt64(total.count) << 1 | (total.isEstimate ? 1 : 0), to: &bytes)
    switch position {
    case .name(let name, let id):
      bytes.append(0)
      bytes += identifier(id)
      bytes += Array(name.utf8)
    case .time(let time, let id):
      bytes.append(1)
      bytes += identifier(id)
      append(UInt64(bitPattern: Int64((time.timeIntervalSince1970 * 1_000_000).rounded())), to: &bytes)
    }
    append(checksum(bytes, search), to: &bytes)
    return Data(bytes).base64EncodedString()
      .replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
  }

  /// The page that a cursor requests.
  ///
  /// - Parameter byTime: Whether the search is ordered by a time; otherwise by name.
  /// - Returns: nil if the text is not a cursor of this search.
  public static func page(_ text: String, search: String, byTime: Bool) -> SearchPage? {
    guard text.utf8.count <= 4096 else { return nil }
    let base64 = text.replacing("-", with: "+").replacing("_", with: "/")
    let padding = String(repeating: "=", count: (4 - base64.utf8.count % 4) % 4)
    guard let data = Data(base64Encoded: base64 + padding), data.count >= 49 else {
      return nil
    }
    let bytes = Array(data)
    let fields = Array(bytes.dropLast(8))
    guard integer(bytes, at: fields.count) == checksum(fields, search),
      let number = Int(exactly: integer(bytes, at: 0)), SearchPage.numbers.contains(number),
      let size = Int(exactly: integer(bytes, at: 8)), SearchPage.sizes.contains(size)
    else { return nil }
    let total = integer(bytes, at: 16)
    let id = bytes[25..<41].withUnsafeBytes { UUID(uuid: $0.loadUnaligned(as: uuid_t.self)) }
    let position: SearchPosition
    switch fields[24] {
    case 0 where !byTime:
      guard let name = String(validating: fields[41...], as: UTF8.self), !name.utf8.contains(0) else {
        return nil
      }
      position = .name(name, id)
    case 1 where byTime && fields.count == 49:
      let microseconds = Int64(bitPattern: integer(bytes, at: 41))
      position = .time(Date(timeIntervalSince1970: Double(microseconds) / 1_000_000), id)
    default: return nil
    }
    return SearchPage(
      number: number, size: size,
      start: .after(position, SearchTotal(count: Int(total >> 1), isEstimate: total & 1 == 1)))
  }

  private static func identifier(_ id: UUID) -> [UInt8] { withUnsafeBytes(of: id.uuid) { Array($0) } }

  private static func append(_ integer: UInt64, to bytes: inout [UInt8]) {
    withUnsafeBytes(of: integer.bigEndian) { bytes.append(contentsOf: $0) }
  }

  private static func integer(_ bytes: [UInt8], at offset: Int) -> UInt64 {
    bytes[offset..<offset + 8].reduce(0) { $0 << 8 | UInt64($1) }
  }

  /// FNV-1a with 64 bits.
  private static func checksum(_ bytes: [UInt8], _ search: String) -> UInt64 {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for byte in bytes + Array(search.utf8) {
      hash ^= UInt64(byte)
      hash &*= 0x0000_0100_0000_01B3
    }
    return hash
  }
}
