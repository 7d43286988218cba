import Glibc

/// The signals a service lives with, as a stream instead of handlers.
enum Signal: Sendable {
  /// SIGTERM or SIGINT.
  case stop
  /// SIGHUP.
  case reload

  /// Blocks the signals, for this thread and all that begin after it: to be called before any thread does.
  static func block() {
    var set = Self.set
    pthread_sigmask(SIG_BLOCK, &set, nil)
    // A client that has gone is told by EPIPE.
    signal(SIGPIPE, SIG_IGN)
  }

  /// The signals that arrive from now on. A thread of its own waits for them.
  static func stream() -> AsyncStream<Signal> {
    let (stream, continuation) = AsyncStream.makeStream(of: Signal.self)
    let box = Unmanaged.passRetained(Box(continuation)).toOpaque()
    var thread = pthread_t()
    pthread_create(
      &thread, nil,
      { context in
        let continuation = Unmanaged<Box>.fromOpaque(context!).takeRetainedValue().continuation
        var set = Signal.set
        var number: Int32 = 0
        while sigwait(&set, &number) == 0 { continuation.yield(number == SIGHUP ? .reload : .stop) }
        return nil
      }, box)
    pthread_detach(thread)
    return stream
  }

  private final class Box: Sendable {
    let continuation: AsyncStream<Signal>.Continuation
    init(_ continuation: AsyncStream<Signal>.Continuation) { self.continuation = continuation }
  }

  private static var set: sigset_t {
    var set = sigset_t()
    sigemptyset(&set)
    for number in [SIGTERM, SIGINT, SIGHUP] { sigaddset(&set, number) }
    return set
  }
}
