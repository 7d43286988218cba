import Domain
import Foundation
import TestRandom
import Testing

@Suite("Cursors")
struct SearchCursorTests {
  private static let id = UUID(uuidString: "6F9619FF-8B86-D011-B42D-00C04FC964FF")!
  private static let page = SearchPage(number: 41, size: 20)
  private static let total = SearchTotal(count: 123_456, isEstimate: true)

  private static func text(_ position: SearchPosition, search: String = "Jobs a") -> String {
    SearchCursor.text(after: position, page: page, total: total, search: search)
  }

  @Test(
    "A cursor is read back as the page that follows, with the total",
    arguments: [
      .name("", id), .name("audit", id), .name("Prüfung 監査 🗝\u{301}", id),
      .name(String(repeating: "🗝", count: 256), id),
      .time(Date(timeIntervalSince1970: 1_796_128_200.123_457), id),
      .time(Date(timeIntervalSince1970: -1.5), id),
    ] as [SearchPosition])
  func roundTrip(position: SearchPosition) throws {
    let text = Self.text(position)
    #expect(text.wholeMatch(of: /[A-Za-z0-9_-]+/) != nil)
    let byTime = if case .time = position { true } else { false }
    let page = try #require(SearchCursor.page(text, search: "Jobs a", byTime: byTime))
    #expect(page.number == 42 && page.size == 20 && page.offset == 0)
    guard case .after(let found, Self.total) = page.start else {
      Issue.record("\(page)")
      return
    }
    switch (found, position) {
    case (.name(let one, let id), .name(let other, Self.id)): #expect(one == other && id == Self.id)
    case (.time(let one, let id), .time(let other, Self.id)):
      #expect(abs(one.timeIntervalSince(other)) < 0.000_000_4 && id == Self.id)
    default: Issue.record("\(found)")
    }
    #expect(SearchCursor.page(text, search: "Jobs a", byTime: !byTime) == nil)
    #expect(SearchCursor.page(text, search: "Jobs b", byTime: byTime) == nil)
  }

  @Test("A cursor that was changed in one place is none")
  func changed() throws {
    let text = Array(Self.text(.name("audit", Self.id)).utf8)
    for index in text.indices.dropLast() {
      var other = text
      other[index] = other[index] == UInt8(ascii: "A") ? UInt8(ascii: "B") : UInt8(ascii: "A")
      #expect(
        SearchCursor.page(String(decoding: other, as: UTF8.self), search: "Jobs a", byTime: false) == nil)
      let cut = String(decoding: text[..<index], as: UTF8.self)
      #expect(SearchCursor.page(cut, search: "Jobs a", byTime: false) == nil)
    }
  }

  @Test(
    "Nothing else is a cursor",
    arguments: ["", "A", "====", "ü", " ", String(repeating: "A", count: 100_000)])
  func nonsense(text: String) {
    #expect(SearchCursor.page(text, search: "", byTime: false) == nil)
    #expect(SearchCursor.page(text, search: "", byTime: true) == nil)
  }

  @Test("Bytes at random never trap")
  func random() {
    var random = SeededRandom(seed: 9)
    for _ in 0..<20_000 {
      let bytes = (0..<Int.random(in: 0...80, using: &random)).map { _ in
        UInt8.random(in: 0...255, using: &random)
      }
      #expect(SearchCursor.page(Data(bytes).base64EncodedString(), search: "", byTime: false) == nil)
    }
  }

  @Test("What is found beyond the page says that there is another one")
  func results() {
    let page = SearchPage(number: 0, size: 2)
    let found = { (count: Int) in
      SearchResult(
        found: Array(0..<count), total: SearchTotal(count: count), page: page,
        position: { .name("\($0)", Self.id) })
    }
    #expect(found(0).items == [] && found(0).next == nil)
    #expect(found(2).items == [0, 1] && found(2).next == nil)
    #expect(found(3).items == [0, 1] && found(3).next == .name("1", Self.id))
    #expect(found(3).whole == 2 && found(3).lengths == [0, 0])
  }

  @Test("Items whose long parts have not been read are read so many bytes at a time, but at least one")
  func longItems() {
    let result = SearchResult(
      found: Array(0..<6), whole: 2, lengths: [1, 1, 10, 20, 5, 5], total: SearchTotal(count: 6),
      page: SearchPage(number: 0, size: 5), position: { .name("\($0)", Self.id) })
    #expect(result.whole == 2 && result.items.count == 5 && result.next == .name("4", Self.id))
    #expect(result.items(from: 2, upTo: 30) == 2..<4 && result.items(from: 2, upTo: 29) == 2..<3)
    #expect(result.items(from: 2, upTo: 1) == 2..<3 && result.items(from: 2, upTo: 100) == 2..<5)
    #expect(result.items(from: 4, upTo: 5) == 4..<5 && result.items(from: 5, upTo: 5).isEmpty)
  }
}
