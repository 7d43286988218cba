import Domain
import Foundation
import JSON

@testable import API

/// What a reader has made of one line, kept beyond the line.
struct ReadLine: Equatable {
  var time: Int64?
  var assetID: UUID?
  var standardID: UUID?
  var texts: [String: String] = [:]
  var problems: [String] = []
}

/// Reads one line with a reader of its own.
func readLine(
  _ text: some Sequence<UInt8>, as kind: ReportKind,
  limits: ReportLineReader.Limits = .init(rowBytes: 1 << 20, messageCharacters: 10_000)
) -> ReadLine {
  let reader = ReportLineReader(kind, limits: limits)
  let problems = JSONProblems()
  return Array(text).withUnsafeBytes { bytes in
    guard reader.read(bytes, number: 7, problems) else {
      return ReadLine(problems: problems.all.listed.map { "\($0.pointer) \($0.sentence)" })
    }
    let row = reader.row
    var read = ReadLine(time: row.time, assetID: row.assetID, standardID: row.standardID)
    let texts = [
      "StandardVersion": row.standardVersion, "CheckID": row.checkID, "Outcome": row.outcome,
      "Evidence": row.evidence, "Severity": row.severity, "Message": row.message, "Data": row.data,
    ]
    for (name, text) in texts { if let text { read.texts[name] = String(decoding: text, as: UTF8.self) } }
    return read
  }
}
