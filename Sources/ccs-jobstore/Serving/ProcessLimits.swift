import FoundationEssentials
import Glibc

/// What the kernel says of this process.
enum ProcessLimits {
  /// Raises the limit of open files to the hard limit: each client connection takes one.
  ///
  /// - Returns: The limit in force; nil if it is unknown.
  static func raiseDescriptors() -> Int? {
    var limit = rlimit()
    guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return nil }
    limit.rlim_cur = limit.rlim_max
    _ = setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    return Int(clamping: limit.rlim_cur)
  }

  /// Resident memory in bytes: the second field of statm, in pages (proc(5)).
  static func residentBytes() -> Int {
    let statm = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8)) ?? ""
    let fields = statm.split(separator: " ")
    return fields.count > 1 ? (Int(fields[1]) ?? 0) * Int(sysconf(Int32(_SC_PAGESIZE))) : 0
  }
}
