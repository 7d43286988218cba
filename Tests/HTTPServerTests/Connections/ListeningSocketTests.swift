import Glibc
import Testing

@testable import HTTPServer

@Suite("The listening socket")
struct ListeningSocketTests {
  /// Connects to a port of this machine.
  ///
  /// - Returns: The descriptor; nil if nobody listens.
  private func connect(port: Int) -> Int32? {
    let client = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = UInt16(port).bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    let status = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        Glibc.connect(client, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    if status == 0 { return client }
    close(client)
    return nil
  }

  @Test(
    "It listens on addresses of both kinds, and port 0 becomes one that is free",
    arguments: ["127.0.0.1", "0.0.0.0", "::"])
  func listens(address: String) throws {
    let socket = try ListeningSocket.open(address: address, port: 0, backlog: 8)
    defer { socket.close() }
    #expect((1024...65_535).contains(socket.port))
    let client = try #require(connect(port: socket.port))
    defer { close(client) }

    // Accepting does not wait, and the client is known by its IPv4 address.
    var from = sockaddr_storage()
    var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
    let accepted = withUnsafeMutablePointer(to: &from) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { accept(socket.descriptor, $0, &length) }
    }
    #expect(accepted >= 0)
    let text = withUnsafePointer(to: &from) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { ListeningSocket.text(of: $0) }
    }
    #expect(text == "127.0.0.1")
    close(accepted)
    #expect(accept(socket.descriptor, nil, nil) == -1 && errno == EAGAIN)
    #expect(fcntl(socket.descriptor, F_GETFD) & FD_CLOEXEC != 0)
  }

  @Test(
    "What is no address is refused and named",
    arguments: [
      "", "localhost", "127.0.0", "127.0.0.256", "1.2.3.4.5", "::g", "[::]", "*", "127.0.0.1:80", " ::",
    ])
  func badAddress(address: String) {
    let failure = #expect(throws: ListeningSocket.Failure.self) {
      try ListeningSocket.open(address: address, port: 0, backlog: 8)
    }
    guard case .badAddress(address)? = failure else {
      Issue.record("\(String(describing: failure))")
      return
    }
    #expect(failure?.description == "\(address) is not an IPv4 or IPv6 address")
  }

  @Test("A port in use and an address of another machine are refused, with the system's reason")
  func system() throws {
    let socket = try ListeningSocket.open(address: "127.0.0.1", port: 0, backlog: 8)
    defer { socket.close() }
    let inUse = #expect(throws: ListeningSocket.Failure.self) {
      try ListeningSocket.open(address: "127.0.0.1", port: socket.port, backlog: 8)
    }
    #expect(
      inUse?.description == "cannot listen on 127.0.0.1 port \(socket.port): bind: Address already in use")
    let elsewhere = #expect(throws: ListeningSocket.Failure.self) {
      try ListeningSocket.open(address: "192.0.2.1", port: 0, backlog: 8)
    }
    #expect(elsewhere?.description.hasPrefix("cannot listen on 192.0.2.1 port 0: bind: ") == true)
  }

  @Test("A port is free again once the socket is closed, also just after a connection")
  func reuse() throws {
    let socket = try ListeningSocket.open(address: "127.0.0.1", port: 0, backlog: 8)
    let client = try #require(connect(port: socket.port))
    close(accept(socket.descriptor, nil, nil))
    socket.close()
    close(client)
    #expect(connect(port: socket.port) == nil)
    let second = try ListeningSocket.open(address: "127.0.0.1", port: socket.port, backlog: 8)
    #expect(second.port == socket.port)
    second.close()
  }

  @Test("An address that is not known is called so")
  func unknownAddress() {
    #expect(ListeningSocket.text(of: nil) == "unknown")
    var local = sockaddr()
    local.sa_family = sa_family_t(AF_UNIX)
    #expect(ListeningSocket.text(of: &local) == "unknown")
  }
}
