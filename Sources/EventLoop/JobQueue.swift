/// Jobs in the order of their arrival, with O(1) removal from the front.
struct JobQueue {
  private var jobs: [UnownedJob] = []
  private var taken = 0

  var isEmpty: Bool { taken == jobs.count }

  mutating func append(_ job: UnownedJob) { jobs.append(job) }

  /// Moves all jobs of an array here, and leaves it the empty storage. To be called when the queue is empty.
  mutating func refill(from others: inout [UnownedJob]) {
    jobs.removeAll(keepingCapacity: true)
    taken = 0
    swap(&jobs, &others)
  }

  mutating func next() -> UnownedJob? {
    guard taken < jobs.count else {
      jobs.removeAll(keepingCapacity: true)
      taken = 0
      return nil
    }
    defer { taken += 1 }
    return jobs[taken]
  }
}
