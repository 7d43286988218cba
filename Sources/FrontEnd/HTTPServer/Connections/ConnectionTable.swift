import Glibc

/// Which client connections there is room for: pure bookkeeping, no clock, no socket.
struct ConnectionTable: Sendable {
  struct Limits: Sendable, Equatable {
    var connections: Int
    /// 0 for no limit.
    var connectionsPerNetwork: Int
    /// New ones a second; 0 for no limit.
    var ratePerNetwork = 0
  }

  /// Where a client comes from: an IPv4 address or the /64 of an IPv6 address, which is what one customer has.
  struct Network: Hashable, Sendable {
    private let bits: UInt64
    private let isIPv4: Bool

    init(_ address: UnsafePointer<sockaddr>) {
      switch Int32(address.pointee.sa_family) {
      case AF_INET6:
        let bytes = address.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) {
          withUnsafeBytes(of: $0.pointee.sin6_addr) { Array($0) }
        }
        let high = bytes[..<8].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        let low = bytes[8...].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        // An IPv4-mapped address (RFC 4291, section 2.5.5.2) is an IPv4 address.
        isIPv4 = high == 0 && low >> 32 == 0xFFFF
        bits = isIPv4 ? low & 0xFFFF_FFFF : high
      default:
        isIPv4 = true
        bits = address.withMemoryRebound(to: sockaddr_in.self, capacity: 1) {
          UInt64(UInt32(bigEndian: $0.pointee.sin_addr.s_addr))
        }
      }
    }

    /// For tests.
    init(ipv4 bits: UInt64) { (self.bits, isIPv4) = (bits, true) }
  }

  /// What there was no room in.
  enum Shortage: String, Sendable, CaseIterable {
    case connections = "limits.connections"
    case connectionsPerNetwork = "limits.connectionsPerAddress"
    case ratePerNetwork = "limits.newConnectionsPerAddress"
    case descriptors = "file descriptors"
  }

  /// What is done about a new connection.
  struct Admission: Equatable {
    var isAdmitted: Bool
    /// Idle connections to be closed for it.
    var closed: [Int32] = []
    /// Nil if there was room.
    var shortage: Shortage?
  }

  private struct Entry {
    var network: Network
    /// Nil while a request is under way.
    var idleSince: Duration?
  }

  /// Those that count; connections that were told to close are forgotten.
  private var entries: [Int32: Entry] = [:]
  private var members: [Network: Set<Int32>] = [:]
  private var rates = ConnectionRates()

  var count: Int { entries.count }

  // MARK: - Connections, by their descriptors

  /// A connection has been accepted. One of a network that connects too often is refused. If there is no room, idle ones are closed for it, those of its own network if that
  /// has too many, otherwise those of the network with the most connections, and of these the longest idle first.
  ///
  /// - Parameter now: Since any epoch, always the same.
  mutating func admit(_ descriptor: Int32, from network: Network, limits: Limits, now: Duration) -> Admission
  {
    // The kernel gives a descriptor anew only after its former connection is over.
    remove(descriptor)
    guard rates.admit(network, rate: limits.ratePerNetwork, now: now) else {
      return Admission(isAdmitted: false, shortage: .ratePerNetwork)
    }
    var admission = Admission(isAdmitted: true)
    if limits.connectionsPerNetwork > 0, members[network]?.count ?? 0 >= limits.connectionsPerNetwork {
      admission.shortage = .connectionsPerNetwork
      admission.closed = forgetOne(of: network)
    } else if entries.count >= limits.connections {
      admission.shortage = .connections
      admission.closed = shed(limits)
    }
    admission.isAdmitted = admission.shortage == nil || !admission.closed.isEmpty
    if admission.isAdmitted {
      entries[descriptor] = Entry(network: network, idleSince: now)
      members[network, default: []].insert(descriptor)
    }
    return admission
  }

  /// Closes a hundredth of the connections, so that room is looked for only now and then.
  ///
  /// - Returns: Idle connections of the networks with the most, the longest idle first; at least one if any is idle.
  mutating func shed(_ limits: Limits) -> [Int32] {
    let wanted = max(1, min(entries.count, limits.connections) / 100)
    let idle = entries.compactMap { descriptor, entry in
      entry.idleSince.map { since in
        (isOf: members[entry.network]?.count ?? 0, since: since, descriptor: descriptor)
      }
    }
    let closed = idle.sorted { ($1.isOf, $0.since, $0.descriptor) < ($0.isOf, $1.since, $1.descriptor) }
      .prefix(wanted).map(\.descriptor)
    for descriptor in closed { remove(descriptor) }
    return closed
  }

  mutating func begin(_ descriptor: Int32) { entries[descriptor]?.idleSince = nil }

  mutating func rest(_ descriptor: Int32, now: Duration) { entries[descriptor]?.idleSince = now }

  mutating func remove(_ descriptor: Int32) {
    guard let entry = entries.removeValue(forKey: descriptor) else { return }
    members[entry.network]?.remove(descriptor)
    if members[entry.network]?.isEmpty == true { members[entry.network] = nil }
  }

  /// Forgets the connection of a network that has been idle for longest.
  private mutating func forgetOne(of network: Network) -> [Int32] {
    let idle = (members[network] ?? []).compactMap { descriptor in
      entries[descriptor]?.idleSince.map { (since: $0, descriptor: descriptor) }
    }
    guard let closed = idle.min(by: { $0 < $1 })?.descriptor else { return [] }
    remove(closed)
    return [closed]
  }
}
