import Synchronization
import Testing

@testable import Authorization

@Suite("Slots of many")
struct KeyedSlotsTests {
  /// How much of each key is at work, and has been at most; and in which order work was done.
  private final class Record: Sendable {
    private let state = Mutex((now: [Int: Int](), most: [Int: Int](), order: [Int]()))

    func begin(_ key: Int, number: Int = 0) {
      state.withLock {
        $0.now[key, default: 0] += 1
        $0.most[key] = max($0.most[key] ?? 0, $0.now[key] ?? 0)
        $0.order.append(number)
      }
    }

    func end(_ key: Int) { state.withLock { $0.now[key, default: 0] -= 1 } }
    func most(_ key: Int) -> Int { state.withLock { $0.most[key] ?? 0 } }
    var order: [Int] { state.withLock { $0.order } }
  }

  @Test("Each takes as many as the limit, whatever others take, and again those it gave back")
  func limits() {
    let slots = KeyedSlots<String>()
    #expect(slots.take("a", limit: 2) && slots.take("a", limit: 2) && !slots.take("a", limit: 2))
    #expect(slots.take("b", limit: 1) && !slots.take("b", limit: 1))
    slots.giveBack("a")
    #expect(slots.take("a", limit: 2) && !slots.take("a", limit: 2))
  }

  @Test("Each key has at most its limit at a time, all work is done, and nothing is kept afterwards")
  func limits() async {
    let slots = KeyedSlots<Int>()
    let record = Record()
    await withTaskGroup { group in
      for number in 0..<600 {
        group.addTask {
          let key = number % 3
          let isTaken = await slots.wait(for: key, limit: key + 1)
          #expect(isTaken)
          record.begin(key)
          await Task.yield()
          record.end(key)
          slots.giveBack(key)
        }
      }
    }
    for key in 0..<3 { #expect((1...key + 1).contains(record.most(key))) }
    #expect(slots.count == 0)
  }

  @Test("Those who wait go on in their order")
  func order() async {
    let slots = KeyedSlots<String>()
    #expect(await slots.wait(for: "a", limit: 1))
    let record = Record()
    await withTaskGroup { group in
      for number in 0..<20 {
        let begun = AsyncStream.makeStream(of: Void.self)
        group.addTask {
          begun.continuation.finish()
          let isTaken = await slots.wait(for: "a", limit: 1)
          #expect(isTaken)
          record.begin(0, number: number)
          record.end(0)
          slots.giveBack("a")
        }
        for await _ in begun.stream {}
        while slots.waiting("a") <= number { await Task.yield() }
      }
      slots.giveBack("a")
    }
    #expect(record.order == Array(0..<20))
  }

  @Test("Whoever is cancelled while it waits gets no slot, and takes none from the others")
  func cancellation() async {
    let slots = KeyedSlots<String>()
    #expect(await slots.wait(for: "a", limit: 1))
    let cancelled = Task { await slots.wait(for: "a", limit: 1) }
    while slots.waiting("a") < 1 { await Task.yield() }
    let patient = Task { await slots.wait(for: "a", limit: 1) }
    while slots.waiting("a") < 2 { await Task.yield() }
    cancelled.cancel()
    #expect(await cancelled.value == false)
    slots.giveBack("a")
    #expect(await patient.value)
    slots.giveBack("a")
    #expect(slots.count == 0)
    let late = Task {
      withUnsafeCurrentTask { $0?.cancel() }
      return await slots.wait(for: "b", limit: 1)
    }
    #expect(await late.value == false)
    #expect(slots.count == 0)
  }
}
