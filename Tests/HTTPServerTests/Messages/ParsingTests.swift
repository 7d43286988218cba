import TestRandom
import Testing

@testable import HTTPServer

@Suite("What clients send")
struct ParsingTests {
  @Test("Of random bytes, no segment has a NUL or a separator that was not encoded")
  func randomBytes() {
    var random = SeededRandom(seed: 51)
    let alphabet = Array("&&==%?//  +jobid".utf8)
    var paths = 0
    for _ in 0..<20_000 {
      let bytes = (0..<Int.random(in: 0...40, using: &random)).map { _ in
        Int.random(in: 0..<8, using: &random) == 0
          ? UInt8.random(in: 0...255, using: &random) : alphabet.randomElement(using: &random)!
      }
      let isEncoded = bytes.contains(UInt8(ascii: "%"))
      if let segments = Target(bytes).segments, !segments.isEmpty {
        paths += 1
        #expect(segments.allSatisfy { !$0.isEmpty && !$0.utf8.contains(0) }, "\(bytes)")
        #expect(isEncoded || segments.allSatisfy { !$0.contains("/") && !$0.contains("?") }, "\(bytes)")
      }
    }
    #expect(paths > 1000)
  }

  @Test("The target's path is found in every form that HTTP has for it")
  func targets() {
    for target in [
      "/ccs/api/v1/Jobs/?jobid=X", "//ccs/api//v1/Jobs?jobid=X", "https://h:1/ccs/api/v1/Jobs?jobid=X",
    ] {
      let target = Target(Array(target.utf8))
      #expect(target.segments == ["ccs", "api", "v1", "Jobs"])
      #expect(target.query == Array("jobid=X".utf8))
    }
    #expect(Target(Array("/ccs/%zz".utf8)).segments == nil)
  }
}
