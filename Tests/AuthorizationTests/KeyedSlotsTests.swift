import Testing

@testable import Authorization

@Suite("Slots of many")
struct KeyedSlotsTests {
  @Test("Each takes as many as the limit, whatever others take, and again those it gave back")
  func limits() {
    let slots = KeyedSlots<String>()
    #expect(slots.take("a", limit: 2) && slots.take("a", limit: 2) && !slots.take("a", limit: 2))
    #expect(slots.take("b", limit: 1) && !slots.take("b", limit: 1))
    slots.giveBack("a")
    #expect(slots.take("a", limit: 2) && !slots.take("a", limit: 2))
  }
}
