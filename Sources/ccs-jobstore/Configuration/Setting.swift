/// One row of the table of settings: everything the service knows about one key.
///
/// A row reads, checks, compares and documents its key, so that a new setting is one property of
/// `Configuration`, one row, and its lines in the sample file.
struct Setting: Sendable {
  /// When a changed value begins to count.
  enum Effect: String, Sendable {
    /// The next reload (SIGHUP) applies it; so does, for a command, its next start.
    case reload
    /// Only a restart applies it.
    case restart
  }

  /// Why a value was not taken.
  struct Refusal: Error, Equatable {
    /// What is wrong, as the rest of a sentence that begins with the key: "is 0".
    var fault: String
    /// What would be right, as a sentence's second half: "it must be an integer from 1 to 64".
    var remedy: String
  }

  /// The key in the file, nested by dots: `tokens.accessLifetimeSeconds`.
  let key: String
  /// What a value may be: "an integer from 1 to 64".
  let expectation: String
  let effect: Effect
  /// What the setting means, in one line.
  let description: String
  /// Whether the value is a path, which the file may give relative to its own folder.
  let namesFile: Bool

  /// The setting's value, in the form in which a file would give it.
  let value: @Sendable (Configuration) -> JSONValue
  /// Stores a value that the kind accepts; refuses any other and leaves the configuration as it was.
  let assign: @Sendable (JSONValue, inout Configuration) throws(Refusal) -> Void
  /// What the text of an environment variable means for this kind of setting.
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
