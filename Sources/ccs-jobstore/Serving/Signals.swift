import Glibc

/// The signals of a service, as a stream instead of handlers.
enum Signal: Sendable {
  /// SIGTERM or SIGINT.
  case stop
  /// SIGHUP.
  case reload

  /// Blocks the signals for this thread and its later threads; call it before any other thread starts.
  static func block() {
    var set = Self.set
    pthread_sigmask(SIG_BLOCK, &set, nil)
    // A closed connection is reported by EPIPE.
    signal(SIGPIPE, SIG_IGN)
  }

  /// The signals from now on, awaited by a thread of their own.
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
