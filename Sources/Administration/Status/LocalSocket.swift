import Glibc

/// A TCP connection to a server on this machine, with a limit on every wait.
struct LocalSocket: ~Copyable {
  let descriptor: Int32

  /// - Parameters:
  ///   - address: IPv4 or IPv6, where the server listens; for any address the loopback's.
  ///   - seconds: The longest wait of one call.
  init(address: String, port: Int, seconds: Int) throws(ServerProbe.Failure) {
    // OpenSSL writes without MSG_NOSIGNAL.
    signal(SIGPIPE, SIG_IGN)
    var hints = addrinfo()
    hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV
    hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    var found: UnsafeMutablePointer<addrinfo>?
    let host = ["::", "0.0.0.0"].contains(address) ? "127.0.0.1" : address
    guard getaddrinfo(host, String(port), &hints, &found) == 0, let found else {
      throw .notListening("\(address) is no address")
    }
    defer { freeaddrinfo(found) }
    let type = found.pointee.ai_socktype | Int32(SOCK_CLOEXEC.rawValue)
    let handle = socket(found.pointee.ai_family, type, 0)
    guard handle >= 0 else { throw .notListening(String(cString: strerror(errno))) }
    var limit = timeval(tv_sec: seconds, tv_usec: 0)
    for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
      setsockopt(handle, SOL_SOCKET, option, &limit, socklen_t(MemoryLayout<timeval>.size))
    }
    guard connect(handle, found.pointee.ai_addr, found.pointee.ai_addrlen) == 0 else {
      let reason = String(cString: strerror(errno))
      close(handle)
      throw .notListening(reason)
    }
    descriptor = handle
  }

  deinit { close(descriptor) }
}
