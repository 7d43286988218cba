import Testing

@testable import Postgres

@Suite("Connections that may be dead, and requests that are urgent")
struct SuspicionTests {
  private typealias Action = PoolStateMachine.Action

  /// With this many idle connections, of at most 4.
  private func pool(idle count: UInt64) -> PoolStateMachine {
    var machine = PoolStateMachine(limits: .init(connections: 4, queueLimit: 2))
    _ = machine.start(now: .zero)
    for number in 1...count {
      _ = machine.acquire(RequestID(number: 100 + number), deadline: .seconds(1), now: .zero)
    }
    for number in 1...count { _ = machine.opened(ConnectionID(number: number), now: .zero) }
    for number in 1...count { _ = machine.release(ConnectionID(number: number), healthy: true, now: .zero) }
    return machine
  }

  @Test("After a silence no idle connection is lent before it is proved alive; a new one may be")
  func proof() {
    var machine = pool(idle: 2)
    #expect(machine.suspect(now: .zero) == [.prove(1), .prove(2)])
    #expect(machine.suspect(now: .zero).isEmpty, "a proof under way is enough")
    let actions = machine.acquire(1, deadline: .seconds(1), now: .zero)
    #expect(actions.contains(.open(3)) && !actions.contains(.grant(1, 1)) && !actions.contains(.grant(1, 2)))
    #expect(machine.proved(2, now: .zero).first == .grant(1, 2))
    #expect(machine.lost(1, now: .zero).first == .close(1))
    #expect(machine.proved(1, now: .zero).isEmpty, "too late")
    #expect([machine.open, machine.idle, machine.leased, machine.proving] == [1, 0, 1, 0])
  }

  @Test("A pool that shuts down does not wait for a proof")
  func shutDown() {
    var machine = pool(idle: 1)
    _ = machine.suspect(now: .zero)
    #expect(machine.shutDown(now: .zero) == [.close(1), .drained])
  }

  @Test("An urgent request goes ahead of all that wait, even when the queue is full")
  func urgency() {
    var machine = PoolStateMachine(limits: .init(connections: 1, queueLimit: 2))
    _ = machine.start(now: .zero)
    _ = machine.opened(1, now: .zero)
    _ = machine.acquire(1, deadline: .seconds(1), now: .zero)
    _ = machine.acquire(2, deadline: .seconds(1), now: .zero)
    _ = machine.acquire(3, deadline: .seconds(1), now: .zero)
    _ = machine.acquire(4, deadline: .seconds(1), isUrgent: true, now: .zero)
    var order: [RequestID] = []
    while machine.leased == 1 {
      for case .grant(let request, _) in machine.release(1, healthy: true, now: .zero) {
        order.append(request)
      }
    }
    #expect(order == [4, 2, 3])
  }
}
