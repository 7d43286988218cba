import TestRandom
import Testing

@testable import API

@Suite("Parameters")
struct ParametersTests {
  @Test(
    "A parameter is found however the documents print it",
    arguments: [
      "jobid=X&DeleteJob=False", "jobid=X&%20DeleteJob=False", "jobid=X& DeleteJob=False",
      "/JOBID=X&+deletejob=False",
      "&&JobID=X&&DeleteJob=False&", "(jobid=X)&DeleteJob=False", "?(jobid=X)&DeleteJob=False",
      "%28jobid=X%29&?%20(/DeleteJob=False",
    ])
  func habits(query: String) throws {
    let parameters = Parameters(Array(query.utf8))
    #expect(try parameters("jobid") == "X")
    #expect(try parameters("DeleteJob") == "False")
    #expect(try parameters("other") == nil)
  }

  @Test(
    "A closing parenthesis belongs to an opening one before the name, if to none in the value",
    arguments: [
      ("(Attributes=a = b)", "a = b"), ("(Attributes=(a = b)", "(a = b)"),
      ("(Attributes=(a = b))", "(a = b)"),
      ("Attributes=(a = b)", "(a = b)"), ("Attributes=a = b)", "a = b)"), ("(Attributes=a = b", "a = b"),
      (#"(Attributes=a = b\)"#, #"a = b\)"#), (#"(Attributes=a = b\))"#, #"a = b\)"#),
      (#"(Attributes=a = \(b)"#, #"a = \(b"#), ("(Attributes=a = b)&page=0", "a = b"), ("(Attributes=)", ""),
    ])
  func parentheses(query: String, value: String) throws {
    #expect(try Parameters(Array(query.utf8))("attributes") == value)
  }

  @Test("Names that nobody knows are told from those that are known, from none, and from what avoids caches")
  func unknownNames() {
    let known = ["jobid", "DeleteJob"]
    for query in ["", "&", "?", "=x&%20=y", "JOBID=x&%20deletejob=True", "(JobID=x)", "_=17&jobid=x"] {
      #expect(Parameters(Array(query.utf8)).firstName(otherThan: known) == nil)
    }
    #expect(
      Parameters(Array("jobid=x&%20DeleteJobs=False&y=1".utf8)).firstName(otherThan: known) == "DeleteJobs")
  }

  @Test("A parameter that is repeated or malformed is refused, also if only its name is")
  func refused() {
    #expect(throws: Parameters.Mistake.repeated) { try Parameters(Array("a=1&A=2".utf8))("a") }
    for query in ["a=%zz", "a=%", "a=%00", "a=%ff", "a=1&DeleteJob%00=False", "a=1&%FFx=1"] {
      #expect(throws: Parameters.Mistake.malformed) { try Parameters(Array(query.utf8))("a") }
    }
  }

  @Test("More parameters than any request has are refused, and not read")
  func tooMany() throws {
    let hundred = Array(repeating: "b=1", count: 99).joined(separator: "&")
    #expect(try Parameters(Array("a=1&\(hundred)".utf8))("a") == "1")
    #expect(throws: Parameters.Mistake.malformed) { try Parameters(Array("a=1&\(hundred)&c=1".utf8))("a") }
  }

  @Test("Of random bytes, no value has a NUL or a separator that was not encoded")
  func randomBytes() {
    var random = SeededRandom(seed: 51)
    let alphabet = Array("&&==%?//  +jobid".utf8) + Array("jobid=".utf8)
    var values = 0
    for _ in 0..<20_000 {
      var bytes = (0..<Int.random(in: 0...40, using: &random)).map { _ in
        Int.random(in: 0..<8, using: &random) == 0
          ? UInt8.random(in: 0...255, using: &random) : alphabet.randomElement(using: &random)!
      }
      if Bool.random(using: &random) { bytes = Array("jobid=".utf8) + bytes }
      let isEncoded = bytes.contains(UInt8(ascii: "%"))
      if let value = try? Parameters(bytes)("jobid") {
        values += 1
        #expect(!value.utf8.contains(0) && (isEncoded || !value.contains("&")), "\(bytes)")
      }
    }
    #expect(values > 1000)
  }

  @Test(
    "A value of any bytes, percent-encoded, is read as it was, or refused if it is not UTF-8 or has a NUL")
  func encodedValues() {
    var random = SeededRandom(seed: 52)
    let digits = Array("0123456789abcdefABCDEF".utf8)
    for _ in 0..<5_000 {
      let value = (0..<Int.random(in: 0...6, using: &random)).map { _ in
        Bool.random(using: &random)
          ? UInt8.random(in: 0...255, using: &random) : UInt8.random(in: 0x20...0x7E, using: &random)
      }
      let encoded = value.flatMap { byte in
        let low = digits.indices.filter { digits[$0].hexadecimalValue == byte & 15 }
        let high = digits.indices.filter { digits[$0].hexadecimalValue == byte >> 4 }
        return [
          UInt8(ascii: "%"), digits[high.randomElement(using: &random)!],
          digits[low.randomElement(using: &random)!],
        ]
      }
      let text = value.contains(0) ? nil : String(validating: value, as: UTF8.self)
      let query = Array("a=1&jobid=".utf8) + encoded + Array("&b=2".utf8)
      #expect((try? Parameters(query)("jobid")) == text, "\(value)")
    }
  }

  @Test("A Boolean is True or False in any case, and nothing else")
  func booleans() {
    #expect(Bool(parameter: " TRUE ") == true)
    #expect(Bool(parameter: "false") == false)
    for text in ["", "1", "yes", "truee", "t"] { #expect(Bool(parameter: text) == nil) }
  }
}

extension UInt8 {
  fileprivate var hexadecimalValue: UInt8? {
    UInt8(String(decoding: [self], as: UTF8.self), radix: 16)
  }
}
