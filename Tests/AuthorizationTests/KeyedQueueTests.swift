import Synchronization
import Testing

@testable import Authorization

@Suite("Work of many, a few at a time for each")
struct KeyedQueueTests {
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

  @Test("Each key has at most its limit at a time, all work is done, and nothing is kept afterwards")
  func limits() async {
    let queue = KeyedQueue<Int>()
    let record = Record()
    await withTaskGroup { group in
      for number in 0..<600 {
        group.addTask {
          let key = number % 3
          let isTaken = await queue.take(key, limit: key + 1)
          #expect(isTaken)
          record.begin(key)
          await Task.yield()
          record.end(key)
          queue.giveBack(key)
        }
      }
    }
    for key in 0..<3 { #expect((1...key + 1).contains(record.most(key))) }
    #expect(queue.count == 0)
  }

  @Test("Those who wait go on in their order")
  func order() async {
    let queue = KeyedQueue<String>()
    #expect(await queue.take("a", limit: 1))
    let record = Record()
    await withTaskGroup { group in
      for number in 0..<20 {
        let begun = AsyncStream.makeStream(of: Void.self)
        group.addTask {
          begun.continuation.finish()
          let isTaken = await queue.take("a", limit: 1)
          #expect(isTaken)
          record.begin(0, number: number)
          record.end(0)
          queue.giveBack("a")
        }
        for await _ in begun.stream {}
        while queue.waiting("a") <= number { await Task.yield() }
      }
      queue.giveBack("a")
    }
    #expect(record.order == Array(0..<20))
  }

  @Test("Whoever is cancelled while it waits gets no slot, and takes none from the others")
  func cancellation() async {
    let queue = KeyedQueue<String>()
    #expect(await queue.take("a", limit: 1))
    let cancelled = Task { await queue.take("a", limit: 1) }
    while queue.waiting("a") < 1 { await Task.yield() }
    let patient = Task { await queue.take("a", limit: 1) }
    while queue.waiting("a") < 2 { await Task.yield() }
    cancelled.cancel()
    #expect(await cancelled.value == false)
    queue.giveBack("a")
    #expect(await patient.value)
    queue.giveBack("a")
    #expect(queue.count == 0)
    let late = Task {
      withUnsafeCurrentTask { $0?.cancel() }
      return await queue.take("b", limit: 1)
    }
    #expect(await late.value == false)
    #expect(queue.count == 0)
  }
}
