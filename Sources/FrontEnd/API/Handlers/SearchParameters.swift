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
