import Glibc
import TestRandom
import Testing

@testable import HTTPServer

@Suite("Room for connections")
struct ConnectionTableTests {
  private typealias Network = ConnectionTable.Network
  private let limits = ConnectionTable.Limits(connections: 10, connectionsPerNetwork: 4)
  private let one = Network(ipv4: 1)
  private let two = Network(ipv4: 2)
  private let three = Network(ipv4: 3)

  private func fill(_ table: inout ConnectionTable, _ descriptors: ClosedRange<Int32>, from network: Network)
  {
    for descriptor in descriptors {
      let admission = table.admit(
        descriptor, from: network, limits: limits, now: .seconds(Int(descriptor)))
      #expect(admission == .init(isAdmitted: true))
    }
  }

  @Test(
    "A network at its limit loses its longest idle connection; without an idle one the new one is refused")
  func network() {
    var table = ConnectionTable()
    fill(&table, 1...4, from: one)
    table.begin(1)
    #expect(
      table.admit(5, from: one, limits: limits, now: .seconds(9))
        == .init(isAdmitted: true, closed: [2], shortage: .connectionsPerNetwork))
    for busy: Int32 in [3, 4, 5] { table.begin(busy) }
    #expect(
      table.admit(6, from: one, limits: limits, now: .seconds(9))
        == .init(isAdmitted: false, shortage: .connectionsPerNetwork))
    table.rest(3, now: .seconds(10))
    #expect(table.admit(6, from: one, limits: limits, now: .seconds(11)).closed == [3])
    #expect(table.count == 4)
  }

  @Test("When all room is taken the network with the most loses an idle one, or the next if it has none")
  func all() {
    var table = ConnectionTable()
    fill(&table, 1...4, from: one)
    fill(&table, 5...7, from: two)
    fill(&table, 8...10, from: three)
    #expect(
      table.admit(11, from: two, limits: limits, now: .seconds(20))
        == .init(isAdmitted: true, closed: [1], shortage: .connections))
    for busy: Int32 in [2, 3, 4, 5, 6, 7, 11] { table.begin(busy) }
    #expect(table.admit(12, from: one, limits: limits, now: .seconds(20)).closed == [8])
    for busy: Int32 in [9, 10, 12] { table.begin(busy) }
    #expect(
      table.admit(13, from: three, limits: limits, now: .seconds(20))
        == .init(isAdmitted: false, shortage: .connections))
  }

  @Test("Of many connections a hundredth is closed at a time")
  func hundredth() {
    let limits = ConnectionTable.Limits(connections: 1000, connectionsPerNetwork: 0)
    var table = ConnectionTable()
    for descriptor: Int32 in 1...1000 {
      _ = table.admit(descriptor, from: one, limits: limits, now: .seconds(Int(descriptor)))
    }
    #expect(
      table.admit(1001, from: two, limits: limits, now: .seconds(2000)).closed == Array(1...10))
    #expect(table.count == 991)
  }

  @Test("If each network has one connection, a hundredth is closed at a time, too, the longest idle first")
  func manyNetworks() {
    let limits = ConnectionTable.Limits(connections: 1000, connectionsPerNetwork: 4)
    var table = ConnectionTable()
    for descriptor: Int32 in 1...1000 {
      _ = table.admit(
        descriptor, from: Network(ipv4: UInt64(descriptor)), limits: limits, now: .seconds(Int(descriptor)))
    }
    table.begin(2)
    #expect(
      table.admit(1001, from: Network(ipv4: 2000), limits: limits, now: .seconds(2000)).closed
        == [1] + Array(3...11))
    #expect(table.admit(1002, from: Network(ipv4: 2001), limits: limits, now: .seconds(2000)).closed == [])
  }

  @Test("Whatever comes and goes, the limits hold and only idle connections are closed")
  func random() {
    var random = SeededRandom(seed: 17)
    var table = ConnectionTable()
    var networks: [Int32: Int] = [:]
    var busy: Set<Int32> = []
    for step in 0..<20_000 {
      let descriptor = Int32.random(in: 1...20, using: &random)
      switch Int.random(in: 0..<5, using: &random) {
      case 0 where networks[descriptor] != nil:
        table.begin(descriptor)
        busy.insert(descriptor)
      case 1 where networks[descriptor] != nil:
        table.rest(descriptor, now: .seconds(step))
        busy.remove(descriptor)
      case 2:
        table.remove(descriptor)
        networks[descriptor] = nil
        busy.remove(descriptor)
      case _ where networks[descriptor] == nil:
        let network = Int.random(in: 1...4, using: &random)
        let admission = table.admit(
          descriptor, from: Network(ipv4: UInt64(network)), limits: limits, now: .seconds(step))
        for closed in admission.closed {
          #expect(!busy.contains(closed) && networks.removeValue(forKey: closed) != nil)
        }
        if admission.isAdmitted { networks[descriptor] = network }
      default: break
      }
      #expect(table.count == networks.count && table.count <= 10)
      for network in 1...4 { #expect(networks.values.count { $0 == network } <= 4) }
    }
  }

  @Test("A /64 of IPv6 is one network, and a mapped address is that of IPv4")
  func networks() {
    func six(_ text: String) -> Network {
      var address = sockaddr_in6()
      address.sin6_family = sa_family_t(AF_INET6)
      #expect(inet_pton(AF_INET6, text, &address.sin6_addr) == 1)
      return withUnsafePointer(to: address) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { Network($0) }
      }
    }
    var four = sockaddr_in()
    four.sin_family = sa_family_t(AF_INET)
    #expect(inet_pton(AF_INET, "192.0.2.1", &four.sin_addr) == 1)
    let mapped = withUnsafePointer(to: four) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { Network($0) }
    }
    #expect(six("2001:db8:1:2::1") == six("2001:db8:1:2:ffff::9"))
    #expect(six("2001:db8:1:2::1") != six("2001:db8:1:3::1"))
    #expect(six("::ffff:192.0.2.1") == mapped)
    #expect(six("::ffff:192.0.2.1") != six("::ffff:192.0.2.2"))
    #expect(six("::1") != mapped)
  }
}
