import Observability
import Synchronization

/// What a background task has observed, in order.
final class Observations: Sendable {
  private let observed = Mutex<[Observation]>([])

  var all: [String] { observed.withLock { $0.map { "\($0)" } } }
  func append(_ observation: Observation) { observed.withLock { $0.append(observation) } }
}
