import Glibc

/// The journal of systemd.
public enum Journal {
  /// Whether the journal reads what is written to a descriptor: `JOURNAL_STREAM` has the device and inode of its socket
  /// (systemd.exec(5)).
  public static func reads(_ descriptor: Int32) -> Bool {
    guard let stream = getenv("JOURNAL_STREAM") else { return false }
    var status = stat()
    return fstat(descriptor, &status) == 0 && String(cString: stream) == "\(status.st_dev):\(status.st_ino)"
  }
}
