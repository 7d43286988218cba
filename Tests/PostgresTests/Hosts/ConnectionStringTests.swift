import Testing

@testable import Postgres

@Suite("Connection strings, taken apart")
struct ConnectionStringTests {
  private func hosts(_ text: String) throws -> [Host] { try ConnectionString(text).hosts }

  @Test("Hosts, addresses and ports come in pairs; one port is that of all hosts")
  func lists() throws {
    #expect(try hosts("dbname=x") == [Host()])
    #expect(try hosts("host=a,/run port=1,2") == [Host(name: "a", port: "1"), Host(name: "/run", port: "2")])
    #expect(try hosts("host=a,b port=7") == [Host(name: "a", port: "7"), Host(name: "b", port: "7")])
    #expect(
      try hosts("host=a,b hostaddr=10.0.0.1,") == [Host(name: "a", address: "10.0.0.1"), Host(name: "b")])
    #expect(try hosts("hostaddr=10.0.0.1,::1") == [Host(address: "10.0.0.1"), Host(address: "::1")])
    #expect(
      try hosts("postgresql://u@a:1,[::1]:2/x?sslmode=require")
        == [Host(name: "a", port: "1"), Host(name: "::1", port: "2")])
  }

  @Test("What else the string says is passed on")
  func options() throws {
    let string = try ConnectionString("postgresql://u@a:1/x?sslmode=require&keepalives_idle=77")
    #expect(string.options == ["user": "u", "dbname": "x", "sslmode": "require", "keepalives_idle": "77"])
    let settings = ConnectionSettings(conninfo: "", password: "p", applicationName: "tests")
    let parameters = settings.parameters(for: string.hosts[0], of: string)
    let values = Dictionary(parameters.map { ($0.keyword, $0.value) }) { _, last in last }
    #expect(values["host"] == "a" && values["port"] == "1" && values["hostaddr"] == "")
    #expect(values["keepalives_idle"] == "77", "what the string says goes before the default")
    #expect(values["keepalives_count"] == "3" && values["tcp_user_timeout"] == "5000")
    #expect(values["password"] == "p" && values["sslmode"] == "require")
  }

  @Test("Only of several hosts a writable one is asked for, unless the string says which")
  func writes() throws {
    #expect(try !ConnectionString("host=a").requiresWrites)
    #expect(try ConnectionString("host=a,b").requiresWrites)
    #expect(try !ConnectionString("host=a,b target_session_attrs=any").requiresWrites)
  }

  @Test(
    "A string that is malformed is refused, with the reason",
    arguments: ["host", "nonsense=1", "host=a,b port=1,2,3", "host=a,b,c hostaddr=10.0.0.1,10.0.0.2"])
  func malformed(text: String) {
    #expect { try ConnectionString(text) } throws: { ($0 as? ConnectFailure)?.message.isEmpty == false }
  }

  @Test("Only names are looked up")
  func names() {
    for name in ["localhost", "db.example.com"] { #expect(Host(name: name).needsLookup) }
    for name in ["", "/run/postgresql", "@abstract", "127.0.0.1", "::1"] {
      #expect(!Host(name: name).needsLookup)
    }
    #expect(!Host(name: "db.example.com", address: "127.0.0.1").needsLookup)
  }
}
