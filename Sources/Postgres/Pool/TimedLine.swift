/// Elements in the order of their arrival, each with a time of its own.
///
/// A pool needs two of these: requests that wait, with their deadlines, and connections that are idle, with
/// the time since when. Both are taken from an end, both lose elements from the middle (a request is
/// cancelled, a connection breaks), and both are asked which of their times is the earliest.
///
/// The order is a doubly linked list laid through a dictionary, the times are a binary heap that knows where
/// in it each element is. So nothing stale ever stays behind, whatever the order of events.
///
/// Complexity: O(1) for the ends and the earliest time, O(log n) for everything that changes the line.
struct TimedLine<Element: Hashable & Sendable>: Sendable {
  private struct Link: Sendable {
    var previous: Element?
    var next: Element?
    /// The index in `heap`.
    var position: Int
  }

  private var links: [Element: Link] = [:]
  private var heap: [(time: Duration, element: Element)] = []

  /// The element that arrived first.
  private(set) var first: Element?
  /// The element that arrived last.
  private(set) var last: Element?

  var count: Int { heap.count }
  var isEmpty: Bool { heap.isEmpty }

  /// The element with the smallest time; among equals, any.
  var earliest: (time: Duration, element: Element)? { heap.first }

  func contains(_ element: Element) -> Bool { links[element] != nil }

  /// Puts an element at the end of the line.
  ///
  /// - Precondition: It is not in the line already.
  mutating func append(_ element: Element, time: Duration) {
    precondition(links[element] == nil, "already in the line")
    links[element] = Link(previous: last, next: nil, position: heap.count)
    if let last { links[last]?.next = element } else { first = element }
    last = element
    heap.append((time, element))
    siftUp(from: heap.count - 1)
  }

  /// Takes the element that arrived first.
  mutating func popFirst() -> Element? {
    guard let first else { return nil }
    remove(first)
    return first
  }

  /// Takes the element that arrived last.
  mutating func popLast() -> Element? {
    guard let last else { return nil }
    remove(last)
    return last
  }

  /// Takes an element from wherever it is.
  ///
  /// - Returns: Whether it was in the line.
  @discardableResult
  mutating func remove(_ element: Element) -> Bool {
    guard let link = links.removeValue(forKey: element) else { return false }
    if let previous = link.previous { links[previous]?.next = link.next } else { first = link.next }
    if let next = link.next { links[next]?.previous = link.previous } else { last = link.previous }
    let moved = heap.removeLast()
    if link.position < heap.count {
      place(moved, at: link.position)
      siftUp(from: link.position)
      siftDown(from: link.position)
    }
    return true
  }

  private mutating func place(_ entry: (time: Duration, element: Element), at position: Int) {
    heap[position] = entry
    links[entry.element]?.position = position
  }

  private mutating func siftUp(from start: Int) {
    let entry = heap[start]
    var position = start
    while position > 0, entry.time < heap[(position - 1) / 2].time {
      place(heap[(position - 1) / 2], at: position)
      position = (position - 1) / 2
    }
    if position != start { place(entry, at: position) }
  }

  private mutating func siftDown(from start: Int) {
    let entry = heap[start]
    var position = start
    while true {
      var child = 2 * position + 1
      if child + 1 < heap.count, heap[child + 1].time < heap[child].time { child += 1 }
      guard child < heap.count, heap[child].time < entry.time else { break }
      place(heap[child], at: position)
      position = child
    }
    if position != start { place(entry, at: position) }
  }
}
