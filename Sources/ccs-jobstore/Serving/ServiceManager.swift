import FoundationEssentials
import Glibc

/// Notifies systemd by the protocol of sd_notify(3): datagrams of assignments.
struct ServiceManager: Sendable {
  private let address: String?
  /// How often to notify the watchdog; nil without one.
  let watchdogInterval: Duration?

  init(environment: [String: String]) {
    address = environment["NOTIFY_SOCKET"].flatMap { $0.isEmpty ? nil : $0 }
    let mine = environment["WATCHDOG_PID"].flatMap(Int32.init).map { $0 == getpid() } ?? true
    watchdogInterval = environment["WATCHDOG_USEC"].flatMap(Int64.init)
      .flatMap { mine && $0 > 0 ? .microseconds($0 / 2) : nil }
  }

  /// The longest status, in characters (Unicode scalars): systemd ignores messages of more than 4096 bytes.
  private static let longestStatus = 900

  /// Reports the status, and that the server is ready, if it is.
  func report(_ status: ServiceStatus) {
    // A line break would end it, and begin another assignment.
    let text = status.description.split(whereSeparator: \.isNewline).joined(separator: "; ")
    let line = String(text.unicodeScalars.prefix(Self.longestStatus))
    send((status.isReady ? "READY=1\n" : status.phase == .stopping ? "STOPPING=1\n" : "") + "STATUS=\(line)")
  }
  func reloading() {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    send("RELOADING=1\nMONOTONIC_USEC=\(Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000)")
  }
  func alive() { send("WATCHDOG=1") }

  private func send(_ message: String) {
    guard let path = address else { return }
    let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { return }
    defer { close(descriptor) }
    var target = sockaddr_un()
    target.sun_family = sa_family_t(AF_UNIX)
    var name = Array(path.utf8)
    // "@" is the NUL that begins a name in the abstract namespace.
    if name.first == UInt8(ascii: "@") { name[0] = 0 }
    guard name.count < MemoryLayout.size(ofValue: target.sun_path) else { return }
    withUnsafeMutableBytes(of: &target.sun_path) { $0.copyBytes(from: name) }
    let length = socklen_t(MemoryLayout<sa_family_t>.size + name.count)
    _ = withUnsafePointer(to: &target) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
        Array(message.utf8).withUnsafeBytes {
          sendto(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL), address, length)
        }
      }
    }
  }
}
