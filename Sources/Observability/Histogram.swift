/// Durations counted in buckets with fixed bounds.
struct Histogram: Sendable {
  /// Upper bounds in seconds, inclusive: from a request that needs no I/O to the longest deadline.
  static let bounds = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

  /// Observations by bucket; the last bucket is for those beyond every bound.
  private var buckets = [Int](repeating: 0, count: bounds.count + 1)
  /// The sum of all durations, in seconds.
  private(set) var sum = 0.0

  /// Counts a duration in seconds. A negative or infinite one, which no clock measures, counts as zero, so that it does not
  /// spoil the sum for good.
  mutating func record(_ seconds: Double) {
    let seconds = seconds.isFinite ? max(seconds, 0) : 0
    var bucket = 0
    while bucket < Self.bounds.count, seconds > Self.bounds[bucket] { bucket += 1 }
    buckets[bucket] += 1
    sum += seconds
  }

  /// Observations up to each bound, as Prometheus expects them; the last is the count of all.
  var cumulative: [Int] {
    var total = 0
    return buckets.map { count in
      total += count
      return total
    }
  }
}
