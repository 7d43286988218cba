import TestRandom
import Testing

@testable import HTTPServer

@Suite("How often a network may connect")
struct ConnectionRatesTests {
  private typealias Network = ConnectionTable.Network

  @Test("After a rest ten seconds' worth at once, and then the rate, whatever others do")
  func rate() {
    var rates = ConnectionRates()
    let (one, other) = (Network(ipv4: 1), Network(ipv4: 2))
    func admitted(_ network: Network, of tries: Int, at now: Duration) -> Int {
      (0..<tries).count { _ in rates.admit(network, rate: 5, now: now) }
    }
    #expect(admitted(one, of: 100, at: .zero) == 50)
    #expect(admitted(other, of: 100, at: .zero) == 50)
    #expect(admitted(one, of: 100, at: .seconds(1)) == 5)
    #expect(admitted(one, of: 100, at: .milliseconds(1100)) == 0)
    #expect(admitted(one, of: 100, at: .milliseconds(1200)) == 1)
    #expect(admitted(one, of: 100, at: .seconds(1000)) == 50)
  }

  @Test("Without a limit nothing is kept")
  func unlimited() {
    var rates = ConnectionRates()
    for number in 0..<1000 { #expect(rates.admit(Network(ipv4: UInt64(number % 2)), rate: 0, now: .zero)) }
    #expect(rates.count == 0)
  }

  @Test("Over any time, however it is spent, at most the rate and one burst")
  func bounded() {
    var random = SeededRandom(seed: 20_261_128)
    for _ in 0..<200 {
      var rates = ConnectionRates()
      let rate = Int.random(in: 1...50, using: &random)
      var now = Duration.zero
      var admitted = 0
      for _ in 0..<500 {
        now += .milliseconds(Int.random(in: 0...200, using: &random))
        if rates.admit(Network(ipv4: 7), rate: rate, now: now) { admitted += 1 }
      }
      let most = Double(rate * ConnectionRates.burstSeconds) + now / .seconds(1) * Double(rate)
      #expect(Double(admitted) <= most + 0.001)
    }
  }

  @Test("However many networks there are, a bounded number is kept, and nobody is refused for the others")
  func manyNetworks() {
    var rates = ConnectionRates()
    for number in 0..<100_000 {
      #expect(rates.admit(Network(ipv4: UInt64(number)), rate: 1, now: .milliseconds(number)))
      #expect(rates.count <= ConnectionRates.mostBuckets)
    }
  }
}
