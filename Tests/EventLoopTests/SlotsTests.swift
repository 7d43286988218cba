import Testing

@testable import EventLoop

@Suite("Slots")
struct SlotsTests {
  @Test("They can be taken up to the limit, which may change with each call")
  func limit() {
    let slots = Slots()
    #expect(slots.take(limit: 1))
    #expect(!slots.take(limit: 1))
    #expect(slots.take(limit: 2))
    #expect(slots.taken == 2)
    slots.giveBack()
    slots.giveBack()
    #expect(slots.take(limit: 1))
  }

  @Test("Once they are closed none can be taken, and they close only when none is taken")
  func close() {
    let slots = Slots()
    #expect(slots.take(limit: .max))
    #expect(!slots.close())
    slots.giveBack()
    #expect(slots.close())
    #expect(slots.close())
    #expect(!slots.take(limit: .max))
    #expect(slots.close(), "a refused one leaves no trace")
  }
}
