import EventLoop
import FoundationEssentials
import Glibc
import Synchronization
import Testing

@Suite("The event loop")
struct EventLoopTests {
  /// An actor that lives on a loop.
  private actor Resident {
    nonisolated let loop: EventLoop
    nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }
    private(set) var calls = 0

    init(loop: EventLoop) { self.loop = loop }

    func call() -> Bool {
      calls += 1
      return loop.isCurrentThread
    }
  }

  private final class Counter: Sendable {
    private let count = Atomic(0)
    var value: Int { count.load(ordering: .relaxed) }
    func increase() { count.add(1, ordering: .relaxed) }
  }

  /// proc(5)
  private func nameOfThread() -> String {
    let text = (try? String(contentsOfFile: "/proc/thread-self/comm", encoding: .utf8)) ?? ""
    return String(text.prefix { !$0.isNewline })
  }

  @Test("Actors that live on it and tasks that prefer it run on its thread, and others do not")
  func thread() async {
    let loop = EventLoop(name: "test-loop-1")
    let resident = Resident(loop: loop)
    #expect(!loop.isCurrentThread)
    #expect(await resident.call())
    let name = await Task(executorPreference: loop) { nameOfThread() }.value
    #expect(name == "test-loop-1")
    #expect(nameOfThread() != "test-loop-1")
    #expect(!loop.isCurrentThread)
    loop.stop()
  }

  @Test("Jobs from many threads all run, one at a time")
  func manyJobs() async {
    let loop = EventLoop(name: "test-loop-2")
    let resident = Resident(loop: loop)
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<8 {
        group.addTask { for _ in 0..<2000 { #expect(await resident.call()) } }
      }
    }
    #expect(await resident.calls == 16_000)
    loop.stop()
  }

  @Test("every() calls again and again, on its thread, an interval apart, beside other jobs")
  func ticks() async throws {
    let loop = EventLoop(name: "test-loop-3")
    let ticks = Mutex<[(time: ContinuousClock.Instant, onLoop: Bool)]>([])
    let start = ContinuousClock.now
    loop.every(.milliseconds(20)) { [unowned loop] in
      ticks.withLock { $0.append((.now, loop.isCurrentThread)) }
    }
    let resident = Resident(loop: loop)
    try await expectEventually {
      _ = await resident.call()
      return ticks.withLock { $0.count } >= 5
    }
    loop.stop()
    let seen = ticks.withLock { $0 }
    #expect(seen.allSatisfy { $0.onLoop })
    for (number, tick) in zip(1..., seen) { #expect(tick.time - start >= .milliseconds(20 * number - 2)) }
  }

  @Test("A tick is not put off by jobs that never end")
  func ticksUnderLoad() async throws {
    let loop = EventLoop(name: "test-loop-4")
    let ticks = Counter()
    loop.every(.milliseconds(1)) { ticks.increase() }
    let busy = Task(executorPreference: loop) { while !Task.isCancelled { await Task.yield() } }
    try await expectEventually { ticks.value >= 10 }
    busy.cancel()
    await busy.value
    loop.stop()
  }

  @Test("A socket's handler is called when there is something to read, until it is not watched any more")
  func sockets() async throws {
    let loop = EventLoop(name: "test-loop-5")
    var ends: [Int32] = [-1, -1]
    #expect(pipe(&ends) == 0)
    let (reader, writer) = (ends[0], ends[1])
    let read = Mutex<[UInt8]>([])
    loop.watch(reader, for: .read) {
      var byte: UInt8 = 0
      if Glibc.read(reader, &byte, 1) == 1 { read.withLock { $0.append(byte) } }
    }
    _ = Glibc.write(writer, [1, 2, 3] as [UInt8], 3)
    try await expectEventually { read.withLock { $0 } == [1, 2, 3] }

    // Taken away on the loop, as a connection does, so that no call can be under way.
    await Task(executorPreference: loop) { loop.unwatch(reader) }.value
    _ = Glibc.write(writer, [4] as [UInt8], 1)
    try await Task.sleep(for: .milliseconds(100))
    #expect(read.withLock { $0 } == [1, 2, 3])
    loop.stop()
    close(reader)
    close(writer)
  }

  @Test("stop() lets the jobs end that wait already, then ends the thread and the ticks")
  func stop() async throws {
    let loop = EventLoop(name: "test-loop-6")
    let (ran, ticks) = (Counter(), Counter())
    loop.every(.milliseconds(1)) { ticks.increase() }
    await Task(executorPreference: loop) {
      // While this one holds the thread, the others line up.
      for _ in 0..<100 { Task(executorPreference: loop) { ran.increase() } }
      usleep(20_000)
    }.value
    loop.stop()
    #expect(ran.value == 100)
    let last = ticks.value
    try await Task.sleep(for: .milliseconds(50))
    #expect(ticks.value == last)
    loop.stop()  // a second time, without effect
  }
}
