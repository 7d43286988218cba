import Domain
import JSON

/// A page of what a search has found.
struct SearchAnswer<Item: Sendable>: LongAnswer {
  private let result: SearchResult<Item>
  private let search: String
  private let members: @Sendable (inout JSONWriter, Item) -> Void
  private let read: @Sendable ([Item]) async throws -> [Item]
  private var writer = JSONWriter(capacity: 512)
  private var hasBegun = false
  private(set) var isWhole = false
  /// The number of items that have been dealt with.
  private var written = 0

  /// - Parameters:
  ///   - search: The search in words, for the cursor.
  ///   - members: Writes an item.
  ///   - read: Reads items as a whole, in the same order; those that have gone are left out.
  init(
    _ result: SearchResult<Item>, by search: String,
    members: @escaping @Sendable (inout JSONWriter, Item) -> Void,
    read: @escaping @Sendable ([Item]) async throws -> [Item] = { $0 }
  ) {
    self.result = result
    self.search = search
    self.members = members
    self.read = read
  }

  mutating func piece() async throws -> [UInt8] {
    if !hasBegun {
      hasBegun = true
      writer.beginObject()
      writer.name("Items")
      writer.beginArray()
    }
    while written < result.items.count, writer.bytes.count < pieceBytes {
      guard written >= result.whole else {
        write(result.items[written])
        written += 1
        continue
      }
      let next = result.items(from: written, upTo: pieceBytes)
      for item in try await read(Array(result.items[next])) { write(item) }
      written = next.upperBound
    }
    if written == result.items.count { end() }
    return writer.take()
  }

  private mutating func write(_ item: Item) {
    writer.beginObject()
    members(&writer, item)
    writer.endObject()
  }

  private mutating func end() {
    writer.endArray()
    writer.add("TotalCount", result.total.count)
    if result.total.isEstimate { writer.add("TotalCountIsEstimate", true) }
    writer.add("Page", result.page.number)
    writer.add("PageSize", result.page.size)
    if let next = result.next {
      writer.add(
        "NextCursor",
        SearchCursor.text(after: next, page: result.page, total: result.total, search: search))
    }
    writer.endObject()
    isWhole = true
  }
}
