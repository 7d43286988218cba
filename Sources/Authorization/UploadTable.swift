import FoundationEssentials

/// The uploads under way, and who gives way when another one finds no room: pure bookkeeping, no clock, no task.
struct UploadTable: Sendable {
  struct Upload: Sendable {
    var caller: String
    var run: UUID
    var began: Duration
    var bytes = 0
    /// Whether it has been told to end. It counts no more.
    var gaveWay = false

    /// In bytes a second; without bounds until there was time for a rate.
    func rate(_ now: Duration) -> Double {
      now - began < UploadTable.patience ? .infinity : Double(bytes) / ((now - began) / .seconds(1))
    }
  }

  enum Admission: Equatable {
    case admitted
    /// Another one must end for it.
    case admittedFor(Int)
    case full
  }

  /// An upload that has been slower than this for `patience` gives way to any other. In bytes a second.
  static let slow = 10_000.0
  static let patience = Duration.seconds(5)

  private(set) var uploads: [Int: Upload] = [:]
  private var last = 0

  /// Takes in another upload, if there is room or one has to give way: a slow one first; then the slowest of a caller
  /// who has at least two more than this one's caller; then that of a run of the same caller which has several while the
  /// new one's has none. The last free place is only for callers who have none.
  ///
  /// - Parameters:
  ///   - now: Since any epoch, always the same.
  ///   - limit: Maximum number of uploads, from 1.
  /// - Returns: What was decided, and the upload's number if it was taken in.
  mutating func admit(caller: String, run: UUID, now: Duration, limit: Int) -> (Admission, number: Int?) {
    let current = uploads.filter { !$0.value.gaveWay }
    let own = current.filter { $0.value.caller == caller }
    func slowest(_ uploads: [Int: Upload]) -> Int? {
      uploads.min { ($0.value.rate(now), $0.key) < ($1.value.rate(now), $1.key) }?.key
    }

    if current.count < limit - 1 || current.count < limit && own.isEmpty {
      return (.admitted, add(caller, run, now))
    }
    var victim = slowest(current.filter { $0.value.rate(now) < Self.slow })
    if victim == nil {
      let callers = Dictionary(current.values.map { ($0.caller, 1) }, uniquingKeysWith: +)
      victim = slowest(current.filter { callers[$0.value.caller, default: 0] > own.count + 1 })
    }
    if victim == nil, !own.contains(where: { $0.value.run == run }) {
      let runs = Dictionary(own.values.map { ($0.run, 1) }, uniquingKeysWith: +)
      victim = slowest(own.filter { runs[$0.value.run, default: 0] > 1 })
    }
    guard let victim else { return (.full, nil) }
    uploads[victim]?.gaveWay = true
    return (.admittedFor(victim), add(caller, run, now))
  }

  mutating func received(_ bytes: Int, of number: Int) { uploads[number]?.bytes += bytes }

  mutating func end(_ number: Int) { uploads[number] = nil }

  private mutating func add(_ caller: String, _ run: UUID, _ now: Duration) -> Int {
    last += 1
    uploads[last] = Upload(caller: caller, run: run, began: now)
    return last
  }
}
