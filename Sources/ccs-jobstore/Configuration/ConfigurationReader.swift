/// Reads a configuration from its sources and collects all problems.
struct ConfigurationReader {
  private(set) var configuration = Configuration()
  private(set) var problems: [ConfigurationError.Problem] = []
  /// Settings whose value is not what the operator meant; rules between settings skip them.
  private var doubtfulKeys: Set<String> = []

  private static let settings = Dictionary(uniqueKeysWithValues: Setting.all.map { ($0.key, $0) })
  private static let sections = Set(settings.keys.map { $0.prefix { $0 != "." } }.map(String.init))
  private static let keys = Setting.all.map(\.key)
  private static let anyName = keys + sections.sorted()

  mutating func read(file path: String) {
    do {
      let file = try ConfigurationFile(path: path)
      for (key, line) in file.repeatedKeys {
        report(.key(key), "is repeated at line \(line)", "it may occur only once")
        doubtfulKeys.formUnion(Self.settings.keys)
      }
      read(file.members, under: "", folder: file.folder)
    } catch {
      problems.append(error)
      doubtfulKeys.formUnion(Self.settings.keys)
    }
  }

  mutating func read(environment: [String: String]) {
    let settings = Dictionary(uniqueKeysWithValues: Setting.all.map { ($0.variable, $0) })
    for (name, text) in environment.sorted(by: { $0.key < $1.key })
    where name.hasPrefix(EnvironmentNames.prefix) && !EnvironmentNames.reserved.contains(name) {
      if let setting = settings[name] {
        assign(setting.valueOfText(text), to: setting, from: .variable(name))
      } else {
        reportUnknown(variable: name)
      }
    }
  }

  /// Checks the rules between settings; call it after all sources are read.
  mutating func checkRelations() {
    for relation in Relation.all
    where doubtfulKeys.isDisjoint(with: relation.keys) && !relation.holds(configuration) {
      report(.key(relation.keys[0]), relation.fault, relation.remedy)
    }
  }

  private mutating func read(_ members: [String: JSONValue], under section: String, folder: String) {
    for (name, value) in members.sorted(by: { $0.key < $1.key }) {
      let key = section.isEmpty ? name : "\(section).\(name)"
      if name.contains(".") {
        reportUnknown(key, under: section)
      } else if let setting = Self.settings[key] {
        assign(setting.namesFile ? value.path(from: folder) : value, to: setting, from: .key(key))
      } else if !Self.sections.contains(key) {
        reportUnknown(key, under: section)
      } else if case .object(let members) = value {
        read(members, under: key, folder: folder)
      } else {
        // Values are not quoted, here and below: one may be a password.
        report(.key(key), "is not an object", "it must be one, with the keys \(Self.names(under: key))")
        doubt(key)
      }
    }
  }

  private mutating func assign(
    _ value: JSONValue, to setting: Setting, from subject: ConfigurationError.Problem.Subject
  ) {
    do {
      try setting.assign(value, &configuration)
    } catch {
      report(subject, error.fault, error.remedy)
      doubtfulKeys.insert(setting.key)
    }
  }

  private mutating func reportUnknown(_ key: String, under section: String) {
    let remedy: String
    if section.isEmpty, let nested = Self.settings[key]?.key.split(separator: ".") {
      remedy = "write \(nested[0]): { \(nested[1]): … }"
      doubt(key)
    } else if let nearest = NearestName.of(key, among: section.isEmpty ? Self.anyName : Self.keys) {
      remedy = "did you mean \(nearest)?"
      doubt(nearest)
    } else {
      remedy = "the known keys there are \(Self.names(under: section))"
    }
    report(.key(key), "is unknown", remedy)
  }

  private mutating func reportUnknown(variable: String) {
    // Without the prefix, which would make all names similar.
    func distinctive(_ name: String) -> String { String(name.dropFirst(EnvironmentNames.prefix.count)) }
    let nearest = NearestName.of(distinctive(variable), among: Setting.all.map { distinctive($0.variable) })
    let remedy: String
    if let setting = Setting.all.first(where: { distinctive($0.variable) == nearest }) {
      remedy = "did you mean \(setting.variable)?"
      doubt(setting.key)
    } else {
      remedy = "names are derived from keys: CCS_JOBSTORE_LISTEN_PORT from listen.port"
    }
    report(.variable(variable), "is not a setting", remedy)
  }

  /// Marks a key, or all keys of a section, as doubtful.
  private mutating func doubt(_ name: String) {
    doubtfulKeys.formUnion(Self.keys.filter { $0 == name || $0.hasPrefix(name + ".") })
  }

  /// The names of the keys in a section, or of the sections.
  private static func names(under section: String) -> String {
    let names =
      section.isEmpty
      ? sections.sorted()
      : settings.keys.filter { $0.hasPrefix(section + ".") }.map { String($0.dropFirst(section.count + 1)) }
    return names.sorted().joined(separator: ", ")
  }

  private mutating func report(
    _ subject: ConfigurationError.Problem.Subject, _ fault: String, _ remedy: String
  ) {
    problems.append(ConfigurationError.Problem(subject: subject, fault: fault, remedy: remedy))
  }
}

extension JSONValue {
  /// A relative path becomes relative to the working directory; other values stay.
  fileprivate func path(from folder: String) -> JSONValue {
    guard let path = nonEmptyText, !path.hasPrefix("/") else { return self }
    return .string(folder + path)
  }
}
