import FoundationEssentials

/// How many things a search has found in all.
public struct SearchTotal: Sendable, Equatable {
  /// Counting costs as much as there is to count; beyond this many it is estimated, unless asked for exactly.
  public static let countedExactly = 20_000

  public var count: Int
  /// Whether the database has estimated it, from its statistics.
  public var isEstimate: Bool

  public init(count: Int, isEstimate: Bool = false) {
    self.count = count
    self.isEstimate = isEstimate
  }
}

/// A place in the order of a search: the last thing that was answered.
public enum SearchPosition: Sendable, Equatable {
  case name(String, UUID)
  case time(Date, UUID)
}

/// Which part of what a search finds is wanted.
public struct SearchPage: Sendable, Equatable {
  public static let defaultSize = 20
  public static let sizes = 1...1000
  /// The last page that can be asked for; it only keeps the numbers small.
  public static let numbers = 0...1_000_000_000

  public enum Start: Sendable, Equatable {
    /// All pages before it are skipped, one entry of an index after the other.
    case number
    /// Nothing is skipped; what was counted for the first page is still known.
    case after(SearchPosition, SearchTotal)
  }

  /// From 0.
  public var number: Int
  /// The most things on it.
  public var size: Int
  public var start: Start
  /// Whether the total must be exact, whatever that costs.
  public var countsExactly: Bool

  public init(number: Int, size: Int, start: Start = .number, countsExactly: Bool = false) {
    self.number = number
    self.size = size
    self.start = start
    self.countsExactly = countsExactly
  }

  /// How many things are skipped.
  public var offset: Int { start == .number ? number * size : 0 }
}

/// A page of what a search has found.
public struct SearchResult<Item: Sendable>: Sendable {
  public var items: [Item]
  public var total: SearchTotal
  public var page: SearchPage
  /// Where the next page begins; nil on the last one.
  public var next: SearchPosition?

  /// - Parameters:
  ///   - found: One more than the page holds, if there are so many.
  ///   - fitting: How many of them fit into an answer.
  ///   - position: Where an item stands in the order of the search.
  public init(
    found: [Item], fitting: Int = .max, total: SearchTotal, page: SearchPage,
    position: (Item) -> SearchPosition
  ) {
    items = Array(found.prefix(min(page.size, fitting)))
    self.total = total
    self.page = page
    next = found.count > items.count ? items.last.map(position) : nil
  }

  /// Whether the page ended before it had its size, because no more fitted. Then the next number is not the next page.
  public var isCut: Bool { next != nil && items.count < page.size }
}
