import Testing

@testable import HTTPServer

@Suite("A gate that counts")
struct CountingGateTests {
  @Test("It admits up to the limit, which may change with each entry")
  func limit() {
    let gate = CountingGate()
    #expect(gate.enter(limit: 1))
    #expect(!gate.enter(limit: 1))
    #expect(gate.enter(limit: 2))
    #expect(gate.count == 2)
    gate.leave()
    gate.leave()
    #expect(gate.enter(limit: 1))
  }

  @Test("Once it is closed it admits nobody, and it closes only when nobody is in")
  func close() {
    let gate = CountingGate()
    #expect(gate.enter(limit: .max))
    #expect(!gate.close())
    gate.leave()
    #expect(gate.close())
    #expect(gate.close())
    #expect(!gate.enter(limit: .max))
    #expect(gate.close(), "a refused entry leaves no trace")
  }
}
