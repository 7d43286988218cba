import CEpoll
import Glibc
import Synchronization

/// One thread that waits for sockets with epoll(7) and runs Swift tasks between the waits.
///
/// It is the executor of every connection actor, and of tasks that prefer it: for them a query costs no thread switch,
/// neither on its way to the socket nor back. Nothing that runs here may block: the loop serves all connections.
public final class EventLoop: SerialExecutor, TaskExecutor, Sendable {
  /// The events of a socket that are waited for.
  public struct Interest: OptionSet, Sendable {
    public let rawValue: UInt32
    public init(rawValue: UInt32) { self.rawValue = rawValue }
    public static let read = Interest(rawValue: EPOLLIN.rawValue)
    public static let write = Interest(rawValue: EPOLLOUT.rawValue)
  }

  public typealias Handler = @Sendable () -> Void

  /// Jobs of other threads.
  private struct Inbox {
    var jobs: [UnownedJob] = []
    /// The thread is in epoll_wait, or about to enter it, and must be woken for a new job.
    var sleeping = false
    var stopping = false
  }

  /// Jobs enqueued by the loop's own thread: continuations of work that has begun. Only that thread accesses them; hence
  /// unchecked.
  private final class Own: @unchecked Sendable {
    var queue = JobQueue()
  }

  private struct Watch {
    var handler: Handler
    var interest: Interest
  }

  private struct Ticker {
    var interval: Duration
    var next: ContinuousClock.Instant
    var body: Handler
  }

  private let epoll: Int32
  private let wakeUp: Int32
  private let inbox = Mutex(Inbox())
  private let watches = Mutex<[Int32: Watch]>([:])
  private let tickers = Mutex<[Ticker]>([])
  private let thread = Mutex<pthread_t?>(nil)
  /// The same, readable without a lock. The thread itself stores it, too, as it may run before `init` does.
  private let threadID = Atomic<UInt>(0)
  private let own = Own()
  private let name: String

  /// Starts the thread.
  ///
  /// - Parameter name: The thread's name, at most 15 bytes.
  public init(name: String) {
    self.name = name
    epoll = epoll_create1(Int32(EPOLL_CLOEXEC))
    wakeUp = eventfd(0, Int32(EFD_NONBLOCK | EFD_CLOEXEC))
    precondition(epoll >= 0 && wakeUp >= 0, "no descriptors left for an event loop")
    var event = epoll_event(events: EPOLLIN.rawValue, data: epoll_data_t(fd: wakeUp))
    precondition(epoll_ctl(epoll, EPOLL_CTL_ADD, wakeUp, &event) == 0)
    var started = pthread_t()
    let code = pthread_create(
      &started, nil,
      { context in
        Unmanaged<EventLoop>.fromOpaque(context!).takeRetainedValue().run()
        return nil
      }, Unmanaged.passRetained(self).toOpaque())
    precondition(code == 0, "no thread left for an event loop")
    threadID.store(UInt(started), ordering: .relaxed)
    thread.withLock { $0 = started }
  }

  /// Ends the thread after the jobs that are queued now. Must not be called on the loop itself.
  public func stop() {
    inbox.withLock { $0.stopping = true }
    wake()
    if let started = thread.withLock({ $0.take() }) { pthread_join(started, nil) }
  }

  deinit {
    close(epoll)
    close(wakeUp)
  }

  // MARK: - Executor

  public func enqueue(_ job: consuming ExecutorJob) {
    let unowned = UnownedJob(job)
    if threadID.load(ordering: .relaxed) == UInt(pthread_self()) {
      own.queue.append(unowned)
      return
    }
    let mustWake = inbox.withLock { inbox in
      inbox.jobs.append(unowned)
      defer { inbox.sleeping = false }
      return inbox.sleeping
    }
    if mustWake { wake() }
  }

  public func checkIsolated() {
    precondition(isCurrentThread, "not on the event loop's thread")
  }

  public var isCurrentThread: Bool {
    let id = threadID.load(ordering: .relaxed)
    return id == 0 || id == UInt(pthread_self())
  }

  private func wake() {
    var one: UInt64 = 1
    _ = Glibc.write(wakeUp, &one, MemoryLayout<UInt64>.size)
  }

  // MARK: - Sockets and time

  /// Calls `handler` on the loop whenever the socket has one of the events (level-triggered).
  public func watch(_ descriptor: Int32, for interest: Interest, handler: @escaping Handler) {
    watches.withLock { $0[descriptor] = Watch(handler: handler, interest: interest) }
    control(EPOLL_CTL_ADD, descriptor, interest)
  }

  /// Changes the events of a watched socket that are waited for.
  public func rewatch(_ descriptor: Int32, for interest: Interest) {
    let changed = watches.withLock { watches in
      guard watches[descriptor] != nil, watches[descriptor]?.interest != interest else { return false }
      watches[descriptor]?.interest = interest
      return true
    }
    if changed { control(EPOLL_CTL_MOD, descriptor, interest) }
  }

  /// Stops watching a socket. Must be called before the socket is closed.
  public func unwatch(_ descriptor: Int32) {
    if watches.withLock({ $0.removeValue(forKey: descriptor) }) != nil {
      control(EPOLL_CTL_DEL, descriptor, [])
    }
  }

  private func control(_ operation: Int32, _ descriptor: Int32, _ interest: Interest) {
    var event = epoll_event(events: interest.rawValue, data: epoll_data_t(fd: descriptor))
    _ = epoll_ctl(epoll, operation, descriptor, &event)
  }

  /// Calls `body` on the loop every `interval`, until the loop stops.
  public func every(_ interval: Duration, _ body: @escaping @Sendable () -> Void) {
    tickers.withLock {
      $0.append(Ticker(interval: interval, next: .now + interval, body: body))
    }
    wake()
  }

  // MARK: - The thread

  /// The most jobs that run between two polls of the sockets: an answer of the database that has arrived has work waiting
  /// for it.
  private static let jobsPerPoll = 8

  private func run() {
    threadID.store(UInt(pthread_self()), ordering: .relaxed)
    name_current_thread(name)
    let capacity = 64
    let events = UnsafeMutablePointer<epoll_event>.allocate(capacity: capacity)
    defer { events.deallocate() }
    var others = JobQueue()
    while true {
      var isIdle = false
      for _ in 0..<Self.jobsPerPoll {
        // Work that has begun comes before new work, so that it ends sooner and does not accumulate.
        guard let job = own.queue.next() ?? nextOfOthers(&others) else {
          isIdle = true
          break
        }
        job.runSynchronously(
          isolatedTo: asUnownedSerialExecutor(), taskExecutor: asUnownedTaskExecutor())
      }
      if isIdle {
        let (goesToSleep, stopping) = inbox.withLock { inbox in
          inbox.sleeping = inbox.jobs.isEmpty
          return (inbox.sleeping, inbox.stopping && inbox.jobs.isEmpty)
        }
        if stopping { return }
        isIdle = goesToSleep
      }
      let count = epoll_wait(epoll, events, Int32(capacity), isIdle ? untilNextTick() : 0 as Int32)
      if isIdle { inbox.withLock { $0.sleeping = false } }
      for index in 0..<max(0, Int(count)) {
        let descriptor = events[index].data.fd
        if descriptor == wakeUp {
          var count: UInt64 = 0
          _ = Glibc.read(wakeUp, &count, MemoryLayout<UInt64>.size)
        } else {
          watches.withLock { $0[descriptor]?.handler }?()
        }
      }
      tick()
    }
  }

  private func nextOfOthers(_ queue: inout JobQueue) -> UnownedJob? {
    if queue.isEmpty { inbox.withLock { queue.refill(from: &$0.jobs) } }
    return queue.next()
  }

  private func untilNextTick() -> Int32 {
    let next = tickers.withLock { $0.map(\.next).min() }
    guard let next else { return -1 }
    let wait = ContinuousClock.now.duration(to: next)
    return Int32(max(0, min(wait / .milliseconds(1) + 1, 60_000)))
  }

  private func tick() {
    let due = tickers.withLock { tickers -> [Handler] in
      guard !tickers.isEmpty else { return [] }
      let now = ContinuousClock.now
      var due: [Handler] = []
      for index in tickers.indices where tickers[index].next <= now {
        tickers[index].next = now + tickers[index].interval
        due.append(tickers[index].body)
      }
      return due
    }
    for body in due { body() }
  }
}
