import Glibc

/// What a call takes of a processor, in seconds: that is the same however busy the machine is, as a time of day is not.
func processorSeconds(_ call: () throws -> Void) rethrows -> Double {
  func now() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }
  let start = now()
  try call()
  return now() - start
}
