import Domain
import Testing

@Suite("The network of a client")
struct ClientNetworkTests {
  @Test(
    "IPv6 addresses count by their first 64 bits, everything else by itself",
    arguments: [
      ("192.0.2.1", "192.0.2.1"), ("unknown", "unknown"), ("", ""), ("::1", "::/64"),
      ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"), ("2001:db8:1:2::", "2001:db8:1:2::/64"),
      ("2001:db8:1:3::", "2001:db8:1:3::/64"), ("fe80::1%eth0", "fe80::1%eth0"), ("a:b", "a:b"),
    ])
  func networks(address: String, network: String) {
    #expect(ClientNetwork(address: address).description == network)
  }
}
