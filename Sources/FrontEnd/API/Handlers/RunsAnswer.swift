import Authorization
import Domain
import FoundationEssentials
import JSON

/// The runs of a job, perhaps with their messages.
struct RunsAnswer: LongAnswer {
  /// Whose messages are read together have about so many.
  private static let messagesTogether = 1000

  private let job: UUID
  private var listing: RunListing
  private let withMessages: Bool
  private var writer = JSONWriter(capacity: 512)
  private var hasBegun = false
  private(set) var isWhole = false
  /// For what follows the runs that are asked for.
  private var cursor: String?
  /// Runs to be written; of the first one, perhaps, the beginning has been written.
  private var runs: ArraySlice<JobRun> = []
  /// The messages of the first run that have been written; nil if the run has not been begun.
  private var written: Int?
  /// The number of the last of them.
  private var last: Int?

  init(_ listing: RunListing, of job: UUID, withMessages: Bool) {
    self.listing = listing
    self.job = job
    self.withMessages = withMessages
  }

  mutating func piece() async throws -> [UInt8] {
    if !hasBegun {
      hasBegun = true
      writer.beginObject()
      writer.add("JobID", job)
      writer.name("JobRuns")
      writer.beginArray()
    }
    while writer.bytes.count < pieceBytes {
      if runs.isEmpty {
        runs = try await listing.next()[...]
        guard let last = runs.last else {
          end()
          break
        }
        cursor = listing.hasMore ? last.position.cursor : nil
      }
      if withMessages { try await writeMessages() } else { writeRuns() }
    }
    return writer.take()
  }

  private mutating func end() {
    writer.endArray()
    if let cursor { writer.add("NextCursor", cursor) }
    writer.endObject()
    isWhole = true
  }

  private mutating func writeRuns() {
    for run in runs { writer.object { JobJSON.members(of: run, in: &$0) } }
    runs = []
  }

  /// Writes the next messages, and the runs around them.
  private mutating func writeMessages() async throws {
    let next = runs.prefix(upTo: Self.messagesTogether, of: \.messageCount)
    let found = try await listing.messages(of: next, after: last)
    for (index, messages) in found.runs.enumerated() {
      guard let run = runs.first else { return }
      if written == nil {
        writer.beginObject()
        JobJSON.members(of: run, in: &writer)
        writer.name("Messages")
        writer.beginArray()
        written = 0
      }
      for message in messages { JobJSON.add(message, to: &writer) }
      written? += messages.count
      if index == found.runs.count - 1, let last = found.last {
        self.last = last
        return
      }
      writer.endArray()
      writer.add("MessageCount", written ?? 0)
      writer.endObject()
      runs.removeFirst()
      (written, last) = (nil, nil)
    }
  }
}
