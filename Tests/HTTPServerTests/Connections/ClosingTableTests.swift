import Testing

@testable import HTTPServer

@Suite("Connections that are being closed")
struct ClosingTableTests {
  private var table = ClosingTable(
    bounds: .init(connections: 2, bytes: 1000, time: .seconds(30), silence: .seconds(5)))

  @Test("No more are waited for than may be")
  func connections() {
    var table = table
    #expect(table.add(1, now: .zero) == true)
    #expect(table.add(2, now: .zero) == true)
    #expect(table.add(3, now: .zero) == false)
    table.remove(1)
    #expect(table.add(3, now: .zero) == true)
    #expect(table.count == 2)
  }

  @Test("A client may send up to the bound")
  func bytes() {
    var table = table
    _ = table.add(1, now: .zero)
    #expect(table.received(999, from: 1, now: .zero) == true)
    #expect(table.received(1, from: 1, now: .zero) == false)
    #expect(table.received(1, from: 2, now: .zero) == false, "nobody knows it")
  }

  @Test("One that is silent is not waited for, nor is one that goes on for ever")
  func time() {
    var table = table
    _ = table.add(1, now: .zero)
    _ = table.add(2, now: .zero)
    for second in stride(from: 4, to: 30, by: 4) {
      #expect(table.received(1, from: 2, now: .seconds(second)) == true)
    }
    #expect(table.expired(now: .seconds(5) - .milliseconds(1)).isEmpty)
    #expect(table.expired(now: .seconds(5)) == [1])
    table.remove(1)
    #expect(table.expired(now: .seconds(30) - .milliseconds(1)).isEmpty)
    #expect(table.expired(now: .seconds(30)) == [2])
    #expect(table.received(1, from: 2, now: .seconds(30)) == false)
  }
}
