import FoundationEssentials

/// A row of a report. Which members it has depends on the kind of report.
///
/// The texts are UTF-8 without NUL. They point into memory of the reader and of the line, and are invalid once the next
/// line is read.
public struct ReportedRow {
  /// Microseconds since 1970 in UTC; nil if the row has none.
  public internal(set) var time: Int64?
  public internal(set) var assetID: UUID?
  public internal(set) var standardID: UUID?
  public internal(set) var standardVersion: UnsafeRawBufferPointer?
  public internal(set) var checkID: UnsafeRawBufferPointer?
  public internal(set) var outcome: UnsafeRawBufferPointer?
  public internal(set) var evidence: UnsafeRawBufferPointer?
  public internal(set) var severity: UnsafeRawBufferPointer?
  public internal(set) var message: UnsafeRawBufferPointer?
  /// JSON text.
  public internal(set) var data: UnsafeRawBufferPointer?
}
