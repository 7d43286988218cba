import FoundationEssentials

/// A row of a report. Which members it has depends on the kind of report.
///
/// The texts are UTF-8 without NUL. They point into memory of the reader and of the line, and are invalid once the next
/// line is read.
public struct ReportedRow {
  /// Microseconds since 1970 in UTC; nil if the row has none.
  public var time: Int64?
  public var assetID: UUID?
  public var standardID: UUID?
  public var standardVersion: UnsafeRawBufferPointer?
  public var checkID: UnsafeRawBufferPointer?
  public var outcome: UnsafeRawBufferPointer?
  public var evidence: UnsafeRawBufferPointer?
  public var severity: UnsafeRawBufferPointer?
  public var message: UnsafeRawBufferPointer?
  /// JSON text.
  public var data: UnsafeRawBufferPointer?

  /// A row without members.
  public init() {}
}
