import Testing

@testable import Postgres

@Suite("A line of elements with times")
struct TimedLineTests {
  @Test("Elements leave from both ends in the order of their arrival, whatever their times")
  func order() {
    var line = TimedLine<Int>()
    for (element, time) in [(1, 30), (2, 10), (3, 20)] { line.append(element, time: .seconds(time)) }
    #expect(line.first == 1 && line.last == 3 && line.earliest?.element == 2)
    let first = line.popFirst()
    let last = line.popLast()
    #expect(first == 1 && last == 3 && line.count == 1)
    #expect(line.first == 2 && line.last == 2)
  }

  @Test("An element that is not in the line cannot be removed")
  func absent() {
    var line = TimedLine<Int>()
    line.append(1, time: .zero)
    let absent = line.remove(2)
    let present = line.remove(1)
    let again = line.remove(1)
    #expect(!absent && present && !again)
    #expect(line.isEmpty && line.first == nil && line.last == nil && line.earliest == nil)
  }

  @Test("It agrees with a plain array after each of 20,000 random changes", arguments: [1, 2] as [UInt64])
  func random(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    var line = TimedLine<Int>()
    var model: [(element: Int, time: Duration)] = []
    for element in 0..<20_000 {
      switch Int.random(in: 0..<(model.count < 60 ? 10 : 5), using: &generator) {
      case 0:
        let taken = line.popFirst()
        #expect(taken == (model.isEmpty ? nil : model.removeFirst().element))
      case 1:
        let taken = line.popLast()
        #expect(taken == model.popLast()?.element)
      case 2, 3, 4:
        guard let index = model.indices.randomElement(using: &generator) else { continue }
        let removed = line.remove(model.remove(at: index).element)
        #expect(removed)
      default:
        let time = Duration.seconds(Int.random(in: 0..<50, using: &generator))
        line.append(element, time: time)
        model.append((element, time))
      }
      guard
        line.count == model.count, line.first == model.first?.element, line.last == model.last?.element,
        line.earliest?.time == model.map(\.time).min(), model.allSatisfy({ line.contains($0.element) })
      else {
        Issue.record("differs from the array after step \(element)")
        return
      }
    }
  }
}
