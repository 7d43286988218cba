import Testing

@testable import Postgres

@Suite("A queue of elements with times")
struct TimedQueueTests {
  @Test("Elements leave from both ends in the order of their arrival, whatever their times")
  func order() {
    var queue = TimedQueue<Int>()
    for (element, time) in [(1, 30), (2, 10), (3, 20)] { queue.append(element, time: .seconds(time)) }
    #expect(queue.first == 1 && queue.last == 3 && queue.earliest?.element == 2)
    let first = queue.popFirst()
    let last = queue.popLast()
    #expect(first == 1 && last == 3 && queue.count == 1)
    #expect(queue.first == 2 && queue.last == 2)
  }

  @Test("An element that is not in the queue cannot be removed")
  func absent() {
    var queue = TimedQueue<Int>()
    queue.append(1, time: .zero)
    let absent = queue.remove(2)
    let present = queue.remove(1)
    let again = queue.remove(1)
    #expect(!absent && present && !again)
    #expect(queue.isEmpty && queue.first == nil && queue.last == nil && queue.earliest == nil)
  }

  @Test("It agrees with a plain array after each of 20,000 random changes", arguments: [1, 2] as [UInt64])
  func random(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    var queue = TimedQueue<Int>()
    var model: [(element: Int, time: Duration)] = []
    for element in 0..<20_000 {
      switch Int.random(in: 0..<(model.count < 60 ? 10 : 5), using: &generator) {
      case 0:
        let taken = queue.popFirst()
        #expect(taken == (model.isEmpty ? nil : model.removeFirst().element))
      case 1:
        let taken = queue.popLast()
        #expect(taken == model.popLast()?.element)
      case 2, 3, 4:
        guard let index = model.indices.randomElement(using: &generator) else { continue }
        let removed = queue.remove(model.remove(at: index).element)
        #expect(removed)
      default:
        let time = Duration.seconds(Int.random(in: 0..<50, using: &generator))
        if Bool.random(using: &generator) {
          queue.append(element, time: time)
          model.append((element, time))
        } else {
          queue.prepend(element, time: time)
          model.insert((element, time), at: 0)
        }
      }
      guard
        queue.count == model.count, queue.first == model.first?.element, queue.last == model.last?.element,
        queue.earliest?.time == model.map(\.time).min()
      else {
        Issue.record("differs from the array after step \(element)")
        return
      }
    }
    var left: [Int] = []
    while let element = queue.popFirst() { left.append(element) }
    #expect(left == model.map(\.element))
  }
}
