import Domain
import FoundationEssentials
import Postgres

/// Rows of a batch that are stored in one transaction.
public struct ReportChunk: Sendable {
  /// A transaction is to be short, because a deletion of the job waits for it.
  public static let maximumRows = 10_000
  public static let maximumBytes = 4 << 20

  /// The place of the first row within the batch, from 0.
  public let start: Int
  var rows = CopyRows()
  private let kind: ReportKind
  private let prefix: [UInt8]
  private let firstRow: Int
  private let now: Int64

  /// Where a row's number is in its row: behind the count of columns, two GUIDs and its own length.
  static let rowNumberOffset = 2 + 20 + 20 + 4

  /// - Parameters:
  ///   - start: The place of the first row within the batch, from 0.
  ///   - receivedAt: The time of rows that say none.
  public init(of batch: ReportBatch, _ open: ReportBatch.Open, start: Int, receivedAt: Date) {
    self.start = start
    kind = batch.kind
    firstRow = open.firstRow
    now = Int64(receivedAt.timeIntervalSince1970 * 1_000_000)
    var prefix: [UInt8] = [0, UInt8(batch.kind.columns.count)]
    for id in [open.historyID, batch.runID] {
      prefix += [0, 0, 0, 16]
      withUnsafeBytes(of: id.uuid) { prefix.append(contentsOf: $0) }
    }
    self.prefix = prefix
  }

  public var count: Int { rows.count }
  public var isFull: Bool { rows.count >= Self.maximumRows || rows.byteCount >= Self.maximumBytes }

  /// The number that the first row has in it, right or not.
  var firstRowNumber: Int { firstRow + start }

  public mutating func append(_ row: ReportedRow) {
    let number = Int64(firstRowNumber + rows.count)
    rows.beginRow(prefix)
    rows.append(number)
    switch kind {
    case .messages:
      rows.append(time: row.time ?? now)
      rows.append(row.severity)
      append(row.assetID)
      rows.append(row.message)
    case .collectedData:
      append(row.assetID)
      rows.append(time: row.time ?? now)
      if let data = row.data { rows.append(json: data) } else { rows.appendNull() }
    case .results:
      append(row.assetID)
      append(row.standardID)
      rows.append(row.standardVersion)
      rows.append(row.checkID)
      rows.append(row.outcome)
      rows.append(row.evidence ?? UnsafeRawBufferPointer(start: nil, count: 0))
      rows.append(time: row.time ?? now)
    }
  }

  private mutating func append(_ id: UUID?) {
    guard let id else { return rows.appendNull() }
    withUnsafeBytes(of: id.uuid) { rows.append($0) }
  }
}

extension ReportKind {
  /// In the order of `ReportChunk.append`; the first three are the key.
  var columns: [String] {
    let key = ["history_id", "run_id", "row_number"]
    return switch self {
    case .messages: key + ["logged_at", "severity", "asset_id", "message"]
    case .collectedData: key + ["asset_id", "collected_at", "data"]
    case .results:
      key + [
        "asset_id", "standard_id", "standard_version", "check_id", "outcome", "evidence", "evaluated_at",
      ]
    }
  }

  var copyStatement: String {
    let table =
      switch self {
      case .messages: "job_run_messages"
      case .collectedData: "collected_data"
      case .results: "evaluation_results"
      }
    return "COPY store.\(table) (\(columns.joined(separator: ", "))) FROM STDIN (FORMAT binary)"
  }
}
