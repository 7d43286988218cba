import Testing

@testable import ccs_jobstore

@Suite("Where the configuration is")
struct ConfigurationPathTests {
  @Test("The option comes before the variable, the variable before the standard path")
  func order() {
    let option = Arguments(options: ["--config": ["/option"]])
    let variable = ["CCS_JOBSTORE_CONFIG": "/variable"]
    #expect(ConfigurationPath.of(option, environment: variable) == "/option")
    #expect(ConfigurationPath.of(Arguments(), environment: variable) == "/variable")
    #expect(ConfigurationPath.of(Arguments(), environment: [:]) == "/etc/ccs-jobstore/ccs-jobstore.json5")
  }

  @Test("An empty variable is none")
  func emptyVariable() {
    let path = ConfigurationPath.of(Arguments(), environment: ["CCS_JOBSTORE_CONFIG": ""])
    #expect(path == ConfigurationPath.standard)
  }

  @Test("The variable is not taken for a misspelt setting")
  func reserved() {
    #expect(EnvironmentNames.reserved.contains(ConfigurationPath.variable))
  }
}
