import FoundationEssentials
import Glibc

/// The person who gives a command, for the audit trail: `alice as root@host via ccs-jobstore`.
enum OperatorName {
  static func current() -> String {
    let user = getpwuid(geteuid()).map { String(cString: $0.pointee.pw_name) } ?? "uid \(geteuid())"
    var buffer = [CChar](repeating: 0, count: 256)
    // A truncated name has no NUL; the buffer has one byte more.
    _ = gethostname(&buffer, 255)
    let host = String(decoding: buffer.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    let caller = ProcessInfo.processInfo.environment["SUDO_USER"].flatMap {
      $0.isEmpty || $0 == user ? nil : $0
    }
    return "\(caller.map { "\($0) as " } ?? "")\(user)@\(host) via \(HelpText.program)"
  }
}
