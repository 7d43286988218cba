import FoundationEssentials

/// The total number of items that a search finds.
public struct SearchTotal: Sendable, Equatable {
  /// Counting takes O(n); beyond this number the total is estimated, unless the exact one is requested.
  public static let countedExactly = 20_000

  public var count: Int
  /// Whether the database has estimated it from its statistics.
  public var isEstimate: Bool

  public init(count: Int, isEstimate: Bool = false) {
    self.count = count
    self.isEstimate = isEstimate
  }
}

/// A position in the order of a search: that of the last item returned.
public enum SearchPosition: Sendable, Equatable {
  case name(String, UUID)
  case time(Date, UUID)
}

/// The part of the result of a search that is requested.
public struct SearchPage: Sendable, Equatable {
  public static let defaultSize = 20
  public static let sizes = 1...1000
  /// The valid page numbers; the bound only keeps the numbers small.
  public static let numbers = 0...1_000_000_000

  public enum Start: Sendable, Equatable {
    /// All previous pages are skipped, entry by entry of an index.
    case number
    /// Nothing is skipped; the total of the first page is kept.
    case after(SearchPosition, SearchTotal)
  }

  /// From 0.
  public var number: Int
  /// The maximum number of items.
  public var size: Int
  public var start: Start
  /// Whether the total must be exact, at any cost.
  public var countsExactly: Bool

  public init(number: Int, size: Int, start: Start = .number, countsExactly: Bool = false) {
    self.number = number
    self.size = size
    self.start = start
    self.countsExactly = countsExactly
  }

  /// The number of items that are skipped.
  public var offset: Int { start == .number ? number * size : 0 }
}

/// A page of the result of a search.
public struct SearchResult<Item: Sendable>: Sendable {
  public var items: [Item]
  /// How many of the items, from the first one on, are whole. The others have only what orders and identifies them, so that
  /// a page of large items takes little memory.
  public var whole: Int
  /// The length of each item's long part, in bytes; as many as items.
  public var lengths: [Int]
  public var total: SearchTotal
  public var page: SearchPage
  /// After which position the next page begins; nil on the last page.
  public var next: SearchPosition?

  /// - Parameters:
  ///   - found: One item more than the page holds, if there are that many.
  ///   - whole: How many of them are whole; nil for all.
  ///   - lengths: Of their long parts; none if they have none.
  ///   - position: The position of an item in the order of the search.
  public init(
    found: [Item], whole: Int? = nil, lengths: [Int] = [], total: SearchTotal, page: SearchPage,
    position: (Item) -> SearchPosition
  ) {
    items = Array(found.prefix(page.size))
    self.whole = min(whole ?? items.count, items.count)
    self.lengths = items.indices.map { $0 < lengths.count ? lengths[$0] : 0 }
    self.total = total
    self.page = page
    next = found.count > items.count ? items.last.map(position) : nil
  }

  /// The items from `start` on whose long parts have a number of bytes together, but at least one of them.
  public func items(from start: Int, upTo bytes: Int) -> Range<Int> {
    start..<start + lengths[start...].prefix(upTo: bytes, of: { $0 }).count
  }
}
