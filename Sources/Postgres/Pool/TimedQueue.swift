/// A double-ended queue whose elements have a time each, in any order.
///
/// A pool needs two: waiting requests with their deadlines, and idle connections with the time since when. Elements leave
/// from either end or from the middle (a request is cancelled, a connection breaks), and the earliest time is looked up.
///
/// The order is a doubly linked list in a dictionary; the times are a binary heap with the position of each element. So
/// removal leaves nothing behind.
///
/// Complexity: O(1) for the ends and the earliest time, O(log n) for every change.
struct TimedQueue<Element: Hashable & Sendable>: Sendable {
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

  /// Adds an element at the end.
  ///
  /// - Precondition: It is not in the queue.
  mutating func append(_ element: Element, time: Duration) {
    precondition(links[element] == nil, "already in the queue")
    links[element] = Link(previous: last, next: nil, position: heap.count)
    if let last { links[last]?.next = element } else { first = element }
    last = element
    heap.append((time, element))
    siftUp(from: heap.count - 1)
  }

  /// Adds an element at the front.
  ///
  /// - Precondition: It is not in the queue.
  mutating func prepend(_ element: Element, time: Duration) {
    precondition(links[element] == nil, "already in the queue")
    links[element] = Link(previous: nil, next: first, position: heap.count)
    if let first { links[first]?.previous = element } else { last = element }
    first = element
    heap.append((time, element))
    siftUp(from: heap.count - 1)
  }

  /// Removes the element that arrived first.
  mutating func popFirst() -> Element? {
    guard let first else { return nil }
    remove(first)
    return first
  }

  /// Removes the element that arrived last.
  mutating func popLast() -> Element? {
    guard let last else { return nil }
    remove(last)
    return last
  }

  /// Removes an element, wherever it is.
  ///
  /// - Returns: Whether it was in the queue.
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
