/// How many durations fell below each of a fixed list of bounds.
struct Histogram: Sendable {
  /// Upper bounds in seconds, each inclusive. From a request that never left memory to the longest deadline.
  static let bounds = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

  /// Observations by bucket, each counted once; the last is for what exceeds every bound.
  private var buckets = [Int](repeating: 0, count: bounds.count + 1)
  /// The sum of all durations, in seconds.
  private(set) var sum = 0.0

  /// Counts a duration in seconds. One that no clock can have measured, negative or not finite, counts as
  /// zero: it must not spoil the sum for good.
  mutating func record(_ seconds: Double) {
    let seconds = seconds.isFinite ? max(seconds, 0) : 0
    var bucket = 0
    while bucket < Self.bounds.count, seconds > Self.bounds[bucket] { bucket += 1 }
    buckets[bucket] += 1
    sum += seconds
  }

  /// Observations up to each bound, bound by bound, as Prometheus has it; the last is the count of all.
  var cumulative: [Int] {
    var total = 0
    return buckets.map { count in
      total += count
      return total
    }
  }
}
