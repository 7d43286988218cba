import Domain
import FoundationEssentials
import TestRandom
import Testing

@Suite("GUIDs")
struct GUIDTests {
  private static let value = UUID(uuidString: "754F7C7E-884A-4420-AF72-1FED35D3EFC1")!

  @Test(
    "A GUID is read with hyphens, without them and in braces, in any case, with white space around it",
    arguments: [
      "754F7C7E-884A-4420-AF72-1FED35D3EFC1", "754f7c7e-884a-4420-af72-1fed35d3efc1",
      "754f7C7E-884a-4420-AF72-1fed35D3EFC1", "754F7C7E884A4420AF721FED35D3EFC1",
      "754f7c7e884a4420af721fed35d3efc1", "{754F7C7E-884A-4420-AF72-1FED35D3EFC1}",
      "{754f7c7e-884a-4420-af72-1fed35d3efc1}", " 754f7c7e-884a-4420-af72-1fed35d3efc1",
      "754f7c7e884a4420af721fed35d3efc1 ", " \t\r\n{754f7c7e-884a-4420-af72-1fed35d3efc1}\u{B}\u{C} ",
    ])
  func forms(text: String) {
    #expect(UUID(guid: text) == Self.value)
    #expect(UUID(guid: text[...]) == Self.value)
  }

  @Test(
    "What is no GUID is not read",
    arguments: [
      "", " ", "{}", "{", "}", "-", "x", "754f7c7e", "<JobID>",
      // Too short, too long, something before or behind.
      "754f7c7e-884a-4420-af72-1fed35d3efc", "754f7c7e-884a-4420-af72-1fed35d3efc12",
      "754f7c7e884a4420af721fed35d3efc", "754f7c7e884a4420af721fed35d3efc12",
      "x754f7c7e-884a-4420-af72-1fed35d3efc1", "754f7c7e-884a-4420-af72-1fed35d3efc1x",
      // Braces that do not belong together, or to this form.
      "{754f7c7e-884a-4420-af72-1fed35d3efc1", "754f7c7e-884a-4420-af72-1fed35d3efc1}",
      "{754f7c7e884a4420af721fed35d3efc1}", "{{754f7c7e-884a-4420-af72-1fed35d3efc1}}",
      "}754f7c7e-884a-4420-af72-1fed35d3efc1{", "(754f7c7e-884a-4420-af72-1fed35d3efc1)",
      "{ 754f7c7e-884a-4420-af72-1fed35d3efc1 }",
      // Hyphens elsewhere, white space inside, other digits.
      "754f7c7e8-84a-4420-af72-1fed35d3efc1", "754f7c7e-884a-4420-af721-fed35d3efc1",
      "754f7c7e-884a-4420-af72_1fed35d3efc1", "754f7c7e 884a 4420 af72 1fed35d3efc1",
      "-754f7c7e-884a-4420-af721fed35d3efc1", "754f7c7e-884a-4420-af72-1fed35d3efg1",
      "754f7c7e-884a-4420-af72-1fed35d3ef:1", "754f7c7e-884a-4420-af72-1fed35d3ef@1",
      "754f7c7e-884a-4420-af72-1fed35d3ef`1", "754f7c7e-884a-4420-af72-1fed35d3ef/1",
      // The digit zero of another script, NUL, no-break space, a multi-byte end.
      "754f7c7e-884a-4420-af72-1fed35d3efc٠", "754f7c7e-884a-4420-af72-1fed35d3efc\0",
      "\u{A0}754f7c7e-884a-4420-af72-1fed35d3efc1", "754f7c7e-884a-4420-af72-1fed35d3efc1é",
      // Several, and the notations that are not meant.
      "754f7c7e-884a-4420-af72-1fed35d3efc1,754f7c7e-884a-4420-af72-1fed35d3efc1",
      "{0x754f7c7e,0x884a,0x4420,{0xaf,0x72,0x1f,0xed,0x35,0xd3,0xef,0xc1}}",
      "urn:uuid:754f7c7e-884a-4420-af72-1fed35d3efc1",
    ])
  func others(text: String) {
    #expect(UUID(guid: text) == nil)
  }

  @Test("Whatever is written is read again, in each form")
  func roundTrip() {
    var random = SeededRandom(seed: 1)
    for _ in 0..<2000 {
      let bytes = (0..<16).map { _ in UInt8.random(in: 0...255, using: &random) }
      let value = bytes.withUnsafeBytes { UUID(uuid: $0.loadUnaligned(as: uuid_t.self)) }
      let text = value.guidString
      #expect(text == value.uuidString.lowercased())
      for form in [text, text.uppercased(), text.replacing("-", with: ""), "{\(text)}"] {
        #expect(UUID(guid: form) == value)
      }
    }
  }

  @Test("Random text is no GUID, and nothing traps")
  func randomText() {
    var random = SeededRandom(seed: 2)
    let alphabet = Array("0123456789abcdefABCDEF-{} \t٠é\0🗂️")
    for _ in 0..<20_000 {
      let length = Int.random(in: 0...40, using: &random)
      let text = String((0..<length).map { _ in alphabet.randomElement(using: &random)! })
      if let value = UUID(guid: text) {
        #expect(text.lowercased().filter(\.isHexDigit) == value.guidString.filter(\.isHexDigit))
      }
    }
  }

  @Test("Identifiers that are ordered by time sort by it, and are all different")
  func timeOrdered() {
    let start = Date(timeIntervalSince1970: 1_796_128_200)
    let made = (0..<1000).map { UUID.timeOrdered(at: start.addingTimeInterval(Double($0) / 500)) }
    #expect(made.map(\.guidString) == made.map(\.guidString).sorted())
    let atOnce = (0..<1000).map { _ in UUID.timeOrdered(at: start) }
    #expect(Set(atOnce).count == 1000)
    let (before, after) = (UUID.timeOrdered(at: start - 1), UUID.timeOrdered(at: start + 1))
    #expect(atOnce.allSatisfy { before.guidString < $0.guidString && $0.guidString < after.guidString })
  }

  @Test("They bear their time, their version and their variant (RFC 9562, section 5.7)")
  func timeOrderedLayout() {
    // The example of appendix A.6.
    let value = UUID.timeOrdered(at: Date(timeIntervalSince1970: 1_645_557_742))
    #expect(value.guidString.hasPrefix("017f22e2-79b0-7"))
    for _ in 0..<100 {
      let text = UUID.timeOrdered().guidString
      #expect(Array(text)[14] == "7" && "89ab".contains(Array(text)[19]))
    }
    let now = Date().timeIntervalSince1970
    let digits = UUID.timeOrdered().guidString.filter(\.isHexDigit).prefix(12)
    let milliseconds = Int(digits, radix: 16)!
    #expect(abs(Double(milliseconds) / 1000 - now) < 60)
  }

  @Test("Times that the layout cannot hold come as near as it can")
  func distantTimes() {
    for time in [Date.distantPast, Date(timeIntervalSince1970: -1), Date(timeIntervalSince1970: 0)] {
      #expect(UUID.timeOrdered(at: time).guidString.hasPrefix("00000000-0000-7"))
    }
    #expect(UUID.timeOrdered(at: Date(timeIntervalSince1970: 1e15)).guidString.hasPrefix("ffffffff-ffff-7"))
  }
}
