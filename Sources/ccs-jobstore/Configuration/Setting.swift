/// One row of the table of settings: how a key is read, checked, compared and documented.
///
/// A new setting takes a property of `Configuration`, a row, and its lines in the sample file.
struct Setting: Sendable {
  /// When a changed value takes effect.
  enum Effect: String, Sendable {
    /// At the next reload (SIGHUP); for commands, at the next start.
    case reload
    /// At the next restart.
    case restart
  }

  /// Why a value was refused.
  struct Refusal: Error, Equatable {
    /// What is wrong; completes a sentence that begins with the key: "is 0".
    var fault: String
    /// What would be right: "it must be an integer from 1 to 64".
    var remedy: String
  }

  /// The key in the file, nested by dots: `tokens.accessLifetimeSeconds`.
  let key: String
  /// What a value may be: "an integer from 1 to 64".
  let expectation: String
  let effect: Effect
  /// What the setting means and its unit, in one line.
  let description: String
  /// Whether the value is a path; in the file it may be relative to the file's folder.
  let namesFile: Bool

  /// The setting's value, as a file would give it.
  let value: @Sendable (Configuration) -> JSONValue
  /// Stores a value that the kind accepts; on any other, throws and changes nothing.
  let assign: @Sendable (JSONValue, inout Configuration) throws(Refusal) -> Void
  /// Converts the text of an environment variable.
  let valueOfText: @Sendable (String) -> JSONValue

  init<Value>(
    _ key: String, _ path: any WritableKeyPath<Configuration, Value> & Sendable, _ kind: SettingKind<Value>,
    _ effect: Effect, _ description: String
  ) {
    self.key = key
    self.effect = effect
    self.description = description
    expectation = kind.expectation
    namesFile = kind.namesFile
    valueOfText = kind.valueOfText
    value = { kind.encode($0[keyPath: path]) }
    assign = { (json, configuration) throws(Refusal) in
      configuration[keyPath: path] = try kind.decode(json)
    }
  }

  var defaultValue: JSONValue { value(Configuration()) }

  /// The environment variable that overrides the file: `tokens.accessLifetimeSeconds` is
  /// `CCS_JOBSTORE_TOKENS_ACCESS_LIFETIME_SECONDS`.
  var variable: String {
    key.reduce(into: EnvironmentNames.prefix) { name, character in
      if character == "." {
        name.append("_")
      } else {
        if character.isUppercase { name.append("_") }
        name.append(character.uppercased())
      }
    }
  }
}
