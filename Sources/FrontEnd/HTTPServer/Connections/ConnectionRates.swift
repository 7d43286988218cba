/// How often each network may connect: a token bucket for each, pure bookkeeping without a clock.
///
/// A new connection costs a TLS handshake, which takes longer than most requests. A network that has made none for a while
/// may make ten seconds' worth of them at once.
struct ConnectionRates: Sendable {
  static let burstSeconds = 10
  /// Beyond it, full buckets are forgotten.
  static let mostBuckets = 16_384

  private struct Bucket {
    var connections: Double
    var at: Duration
  }

  private var buckets: [ConnectionTable.Network: Bucket] = [:]

  var count: Int { buckets.count }

  /// - Parameters:
  ///   - rate: Connections a second; 0 for no limit.
  ///   - now: Since any epoch, always the same.
  /// - Returns: Whether the network may connect.
  mutating func admit(_ network: ConnectionTable.Network, rate: Int, now: Duration) -> Bool {
    guard rate > 0 else {
      buckets = [:]
      return true
    }
    if buckets.count >= Self.mostBuckets, buckets[network] == nil { forget(rate: rate, now: now) }
    var left = buckets[network].map { Self.filled($0, rate: rate, now: now) } ?? Self.most(rate)
    let isAdmitted = left >= 1
    if isAdmitted { left -= 1 }
    buckets[network] = Bucket(connections: left, at: now)
    return isAdmitted
  }

  private static func most(_ rate: Int) -> Double { Double(rate * burstSeconds) }

  private static func filled(_ bucket: Bucket, rate: Int, now: Duration) -> Double {
    min(most(rate), bucket.connections + (now - bucket.at) / .seconds(1) * Double(rate))
  }

  /// Forgets full buckets; if nearly all are in use, all of them: then no network takes so many connections that it matters.
  private mutating func forget(rate: Int, now: Duration) {
    buckets = buckets.filter { Self.filled($0.value, rate: rate, now: now) < Self.most(rate) }
    if buckets.count > Self.mostBuckets * 3 / 4 { buckets = [:] }
  }
}
