import FoundationEssentials
import JSON

// GUIDs and times as collectors write them. The usual form is read straight from the bytes, other forms as everywhere.

/// A GUID, as `UUID.init(guid:)` reads it.
public func reportedGUID(_ text: UnsafeRawBufferPointer) -> UUID? {
  guard text.count == 36 else { return UUID(guid: String(decoding: text, as: UTF8.self)) }
  var value: uuid_t = (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
  let isGUID = withUnsafeMutableBytes(of: &value) { raw in
    var position = 0
    for index in 0..<16 {
      if index == 4 || index == 6 || index == 8 || index == 10 {
        guard text[position] == UInt8(ascii: "-") else { return false }
        position += 1
      }
      guard let high = hexadecimalDigit(text[position]), let low = hexadecimalDigit(text[position + 1]) else {
        return false
      }
      raw[index] = high << 4 | low
      position += 2
    }
    return true
  }
  return isGUID ? UUID(uuid: value) : UUID(guid: String(decoding: text, as: UTF8.self))
}

/// Microseconds since 1970, as `OffsetDate` reads the text.
public func reportedTime(_ text: UnsafeRawBufferPointer) -> Int64? {
  if let time = utcTime(text) { return time }
  guard let date = OffsetDate(String(decoding: text, as: UTF8.self)) else { return nil }
  return Int64(date.epochSeconds) * 1_000_000 + Int64(date.ticks / 10)
}

/// `2026-01-05T04:10:27Z`, with or without three digits of a second.
private func utcTime(_ text: UnsafeRawBufferPointer) -> Int64? {
  guard text.count == 20 || text.count == 24, text[4] == UInt8(ascii: "-"), text[7] == UInt8(ascii: "-"),
    text[10] == UInt8(ascii: "T"), text[13] == UInt8(ascii: ":"), text[16] == UInt8(ascii: ":"),
    text[text.count - 1] == UInt8(ascii: "Z"), text.count == 20 || text[19] == UInt8(ascii: ".")
  else { return nil }
  func number(_ start: Int, _ count: Int) -> Int? {
    var value = 0
    for index in start..<start + count {
      let digit = text[index] &- UInt8(ascii: "0")
      guard digit < 10 else { return nil }
      value = value * 10 + Int(digit)
    }
    return value
  }
  guard let year = number(0, 4), year >= 1, let month = number(5, 2), (1...12).contains(month),
    let day = number(8, 2), day >= 1, day <= CivilDate.length(ofMonth: month, year: year),
    let hour = number(11, 2), hour < 24, let minute = number(14, 2), minute < 60,
    let second = number(17, 2), second < 60, let milliseconds = text.count == 20 ? 0 : number(20, 3)
  else { return nil }
  let seconds =
    CivilDate(year: year, month: month, day: day).dayNumber * 86_400 + hour * 3600 + minute * 60 + second
  return Int64(seconds) * 1_000_000 + Int64(milliseconds) * 1000
}
