import Domain
import Foundation
import TestRandom
import Testing

@testable import API

@Suite("Lines out of pieces")
struct LineSplitterTests {
  @Test("They are the same however the bytes are cut, and wherever reading pauses")
  func pieces() {
    var random = SeededRandom(seed: 7)
    for _ in 0..<2000 {
      let lines = (0..<Int.random(in: 0...8, using: &random)).map { _ in
        [UInt8](repeating: UInt8(ascii: "x"), count: Int.random(in: 0...30, using: &random))
      }
      let hasEnd = Bool.random(using: &random)
      var bytes = Array(lines.joined(separator: [0x0A]))
      if hasEnd, !lines.isEmpty { bytes.append(0x0A) }
      var wanted = lines
      if !hasEnd, wanted.last?.isEmpty == true { wanted.removeLast() }
      wanted = wanted.map { Array($0.prefix(21)) }

      var splitter = LineSplitter(maximumBytes: 20)
      var found: [[UInt8]] = []
      func read() {
        while splitter.forEachLine({ line in
          found.append(Array(line))
          return Bool.random(using: &random)
        }) {}
      }
      while !bytes.isEmpty {
        let count = Int.random(in: 1...bytes.count, using: &random)
        splitter.add(Array(bytes.prefix(count)))
        bytes.removeFirst(count)
        read()
      }
      splitter.end()
      read()
      #expect(found == wanted)
    }
  }
}
