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
    let steps: [(network: Network, at: Duration, admitted: Int)] = [
      (one, .zero, 50), (other, .zero, 50), (one, .seconds(1), 5), (one, .milliseconds(1100), 0),
      (one, .milliseconds(1200), 1), (one, .seconds(1000), 50),
    ]
    for step in steps {
      let number = admitted(step.network, of: 100, at: step.at)
      #expect(number == step.admitted, "at \(step.at)")
    }
  }

  @Test("Without a limit nothing is kept")
  func unlimited() {
    var rates = ConnectionRates()
    let admitted = (0..<1000).count { rates.admit(Network(ipv4: UInt64($0 % 2)), rate: 0, now: .zero) }
    #expect(admitted == 1000 && rates.count == 0)
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
      let isAdmitted = rates.admit(Network(ipv4: UInt64(number)), rate: 1, now: .milliseconds(number))
      #expect(isAdmitted && rates.count <= ConnectionRates.mostBuckets)
    }
  }
}
