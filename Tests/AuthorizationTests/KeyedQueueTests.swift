import Synchronization
import TestRandom
import Testing

@testable import Authorization

@Suite("Work of many, a few at a time for each")
struct KeyedQueueTests {
  @Test("Each key has at most its limit at a time, all work is done, and nothing is kept afterwards")
  func limits() async {
    let queue = KeyedQueue<Int>()
    let most = Mutex<[Int: (now: Int, most: Int)]>([:])
    await withTaskGroup { group in
      for number in 0..<600 {
        group.addTask {
          let key = number % 3
          #expect(await queue.take(key, limit: key + 1))
          most.withLock {
            var entry = $0[key] ?? (0, 0)
            entry.now += 1
            entry.most = max(entry.most, entry.now)
            $0[key] = entry
          }
          await Task.yield()
          most.withLock { $0[key]?.now -= 1 }
          queue.giveBack(key)
        }
      }
    }
    for key in 0..<3 { #expect(most.withLock { $0[key]?.most ?? .max } <= key + 1) }
    #expect(queue.count == 0)
  }

  @Test("Those who wait go on in their order")
  func order() async {
    let queue = KeyedQueue<String>()
    #expect(await queue.take("a", limit: 1))
    let order = Mutex<[Int]>([])
    await withTaskGroup { group in
      for number in 0..<20 {
        let begun = AsyncStream.makeStream(of: Void.self)
        group.addTask {
          begun.continuation.finish()
          #expect(await queue.take("a", limit: 1))
          order.withLock { $0.append(number) }
          queue.giveBack("a")
        }
        for await _ in begun.stream {}
        while queue.waiting("a") <= number { await Task.yield() }
      }
      queue.giveBack("a")
    }
    #expect(order.withLock { $0 } == Array(0..<20))
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
