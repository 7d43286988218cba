import Authorization
import Domain
import JSON

/// The results of a run for an asset and a standard.
struct ResultsAnswer: LongAnswer {
  private var listing: ResultListing
  private var writer = JSONWriter(capacity: 512)
  private var hasBegun = false
  private(set) var isWhole = false

  init(_ listing: ResultListing) { self.listing = listing }

  mutating func piece() async throws -> [UInt8] {
    if !hasBegun {
      hasBegun = true
      begin(listing.results)
    }
    while !listing.isAtEnd, writer.bytes.count < pieceBytes { write(try await listing.next()) }
    if listing.isAtEnd {
      writer.endArray()
      writer.endObject()
      isWhole = true
    }
    return writer.take()
  }

  private mutating func begin(_ results: EvaluationResults) {
    writer.beginObject()
    writer.add("JobRunID", results.runID)
    writer.add("JobID", results.jobID)
    writer.add("AssetID", results.assetID)
    writer.add("StandardID", results.standardID)
    writer.add("StandardVersion", results.standardVersion)
    writer.name("Checks")
    writer.beginArray()
    write(results.checks)
  }

  private mutating func write(_ checks: [EvaluationResults.Check]) {
    for check in checks {
      writer.object {
        $0.add("CheckID", check.id)
        $0.add("Outcome", check.outcome.rawValue)
        $0.add("Evidence", check.evidence)
        $0.add("Time", check.time)
      }
    }
  }
}
