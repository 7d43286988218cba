import Synchronization
import Testing

@testable import Authorization

/// A value that several tasks change: a `Mutex` of a test itself cannot be captured by them.
private final class Locked<Value: Sendable>: Sendable {
  private let value: Mutex<Value>

  init(_ value: Value) { self.value = Mutex(value) }

  func withLock<Result: Sendable>(_ body: (inout Value) -> Result) -> Result { value.withLock { body(&$0) } }
}

@Suite("A lock for each key")
struct KeyedLockTests {
  @Test("For one key there is one at a time, in the order of their coming; and nothing is left of it")
  func oneAtATime() async {
    let lock = KeyedLock<String>(maximumWaiters: 100)
    let order = Locked<[Int]>([])
    let inside = Locked(0)
    #expect(await lock.acquire("a") == .acquired)
    await withTaskGroup(of: Void.self) { group in
      for number in 0..<50 {
        group.addTask {
          guard await lock.acquire("a") == .acquired else { return }
          let others = inside.withLock { count in
            defer { count += 1 }
            return count
          }
          #expect(others == 0)
          await Task.yield()
          order.withLock { $0.append(number) }
          inside.withLock { $0 -= 1 }
          lock.release("a")
        }
        // So that they come in this order.
        while lock.waiting("a") <= number { await Task.yield() }
      }
      lock.release("a")
    }
    #expect(order.withLock { $0 } == Array(0..<50))
    #expect(lock.count == 0)
  }

  @Test("Keys do not wait for one another")
  func keys() async {
    let lock = KeyedLock<Int>(maximumWaiters: 0)
    for key in 0..<100 { #expect(await lock.acquire(key) == .acquired) }
    #expect(lock.count == 100)
    for key in 0..<100 { lock.release(key) }
    #expect(lock.count == 0)
  }

  @Test("Whoever is cancelled leaves the line, and the others go on", arguments: 0..<20)
  func cancellation(round: Int) async {
    let lock = KeyedLock<String>(maximumWaiters: 100)
    #expect(await lock.acquire("a") == .acquired)
    let taken = Locked(0)
    let tasks = (0..<40).map { number in
      Task {
        if number % 3 == round % 3 { await Task.yield() }
        guard await lock.acquire("a") == .acquired else { return }
        taken.withLock { $0 += 1 }
        lock.release("a")
      }
    }
    for (number, task) in tasks.enumerated() where number % 2 == 0 { task.cancel() }
    lock.release("a")
    for task in tasks { await task.value }
    #expect(taken.withLock { $0 } >= 20)
    #expect(lock.count == 0)
  }

  @Test("A line has an end: one more is refused, and there is room again when somebody has had a turn")
  func bound() async {
    let lock = KeyedLock<String>(maximumWaiters: 1)
    #expect(await lock.acquire("a") == .acquired)
    let waiting = Task { await lock.acquire("a") }
    while lock.waiting("a") == 0 { await Task.yield() }
    #expect(await lock.acquire("a") == .refused)
    lock.release("a")
    #expect(await waiting.value == .acquired)
    let next = Task { await lock.acquire("a") }
    while lock.waiting("a") == 0 { await Task.yield() }
    lock.release("a")
    #expect(await next.value == .acquired)
    lock.release("a")
    #expect(lock.count == 0)
  }

  @Test("One that was cancelled before it came has no turn")
  func cancelledBefore() async {
    let lock = KeyedLock<String>(maximumWaiters: 100)
    let task = Task {
      withUnsafeCurrentTask { $0?.cancel() }
      return await lock.acquire("a")
    }
    #expect(await task.value == .cancelled)
    #expect(lock.count == 0)
  }
}
