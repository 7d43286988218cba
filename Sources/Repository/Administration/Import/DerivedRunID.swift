/// The ID of a run that the file gives none: the same at every import, and ordered by time.
///
/// RFC 9562, section 5.8: 48 bits of Unix milliseconds, then 74 bits of a SHA-256.
enum DerivedRunID {
  /// - Parameters:
  ///   - time: SQL for a `timestamptz`.
  ///   - seed: SQL for a text that is unique to the run.
  static func sql(time: String, seed: String) -> String {
    let milliseconds = "greatest(0, floor(extract(epoch FROM \(time)) * 1000))::bigint"
    let hash = "sha256(convert_to(\(seed), 'UTF8'))"
    let version = "set_byte(\(hash), 0, (get_byte(\(hash), 0) & 15) | 128)"
    let bits = "set_byte(\(version), 2, (get_byte(\(hash), 2) & 63) | 128)"
    return "encode(substr(int8send(\(milliseconds)), 3, 6) || substr(\(bits), 1, 10), 'hex')::uuid"
  }
}
