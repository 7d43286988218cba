import Domain
import HTTPServer
import JSON

// Parameters that all searches have.
extension Parameters {
  /// The conditions of `Attributes`; none if it is absent.
  func conditions<Attribute>() throws(Problem) -> [Condition<Attribute>] {
    guard let text = try text("Attributes") else { return [] }
    do throws(AttributesError) {
      return try Condition.parse(text)
    } catch {
      throw Problem(400, "\(error).")
    }
  }

  /// The parameters that select the page.
  static let pageNames = ["page", "pagesize", "cursor", "exactcount"]

  /// The page that `page`, `pagesize` and `cursor` ask for.
  ///
  /// - Parameters:
  ///   - search: The search in words.
  ///   - byTime: Whether its results are ordered by a time.
  func page(of search: String, byTime: Bool = false) throws(Problem) -> SearchPage {
    let number = try integer("page", SearchPage.numbers)
    let size = try integer("pagesize", SearchPage.sizes)
    let countsExactly = try boolean("exactcount") ?? false
    guard let cursor = try text("cursor") else {
      return SearchPage(
        number: number ?? 0, size: size ?? SearchPage.defaultSize, countsExactly: countsExactly)
    }
    guard number == nil else {
      throw Problem(400, "page and cursor exclude each other: a cursor says where its page begins.")
    }
    guard let page = SearchCursor.page(String(cursor.trimmed), search: search, byTime: byTime) else {
      throw Problem(400, "cursor is invalid: expected the NextCursor of an answer to the same search.")
    }
    guard size ?? page.size == page.size else {
      throw Problem(400, "pagesize is invalid: the cursor is one of pages of \(page.size).")
    }
    return page
  }
}

extension Response {
  /// A page of what a search has found.
  ///
  /// - Parameter search: The search in words, for the cursor.
  static func found<Item>(
    _ result: SearchResult<Item>, by search: String,
    _ members: @escaping (inout JSONWriter, Item) -> Void
  ) -> Response {
    .json(
      200,
      .object {
        $0.name("Items")
        $0.array(result.items) { writer, item in writer.object { members(&$0, item) } }
        $0.add("TotalCount", result.total.count)
        if result.total.isEstimate { $0.add("TotalCountIsEstimate", true) }
        $0.add("Page", result.page.number)
        $0.add("PageSize", result.page.size)
        if let next = result.next {
          $0.add(
            "NextCursor",
            SearchCursor.text(after: next, page: result.page, total: result.total, search: search))
        }
      })
  }
}
