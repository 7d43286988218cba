import Domain
import FoundationEssentials
import JSON

extension ImportFile {
  /// Reads a directory file.
  ///
  /// - Returns: What could be read; all that could not is in ``problems``.
  /// - Throws: `DecodingError` if the text is no JSON5.
  public init(_ text: String) throws {
    self.init(node: try JSONNode(json5: text))
  }

  private init(node: JSONNode) {
    self.init()
    let list = JSONProblems()
    let read = ObjectReader.read(node, at: .root, list) { file in
      var read = ImportFile()
      read.folders = read.entries(file, "Folders", .folder, Self.folder) ?? []
      read.assets = read.entries(file, "Assets", nil, Self.asset) ?? []
      read.standards = read.entries(file, "Standards", nil, Self.standard) ?? []
      read.roles = read.entries(file, "Roles", .role, Self.role) ?? []
      read.users = read.entries(file, "Users", .user, Self.user) ?? []
      read.jobs = read.entries(file, "Jobs", .job, Self.job) ?? []
      read.runs = read.entries(file, "Runs", nil, Self.run) ?? []
      read.generators = read.entries(file, "GeneratedRuns", nil, Self.generator) ?? []
      return read
    }
    if let read { self = read }
    noteRepetitions(list)
    problems = list.all
  }

  /// Reads a section of the file; if something of it could not be read, its kind is doubtful.
  private mutating func entries<Entry>(
    _ file: ObjectReader, _ key: String, _ kind: DirectoryKind?,
    _ entry: (JSONNode, JSONPointer, JSONProblems) -> Entry?
  ) -> [Entry]? {
    var lost = false
    let entries = file.list(key) { node, pointer in
      let entry = entry(node, pointer, file.problems)
      if entry == nil { lost = true }
      return entry
    }
    if let kind, lost || (entries == nil && file.node(key) != nil) { doubtful.insert(kind) }
    return entries
  }

  /// Notes what stands twice.
  private func noteRepetitions(_ list: JSONProblems) {
    func note<Entry, Key: Hashable>(
      _ entries: [Entry], _ pointer: (Entry) -> JSONPointer, _ what: String, _ key: (Entry) -> Key?
    ) {
      var first: [Key: JSONPointer] = [:]
      for entry in entries {
        guard let key = key(entry) else { continue }
        if let earlier = first[key] {
          list.note(pointer(entry), rule: "has the \(what) of \(earlier)")
        } else {
          first[key] = pointer(entry)
        }
      }
    }
    note(assets, \.pointer, "ID") { $0.id }
    note(standards, \.pointer, "ID") { $0.id }
    note(roles, \.pointer, "name") { $0.name.lowercased() }
    note(users, \.pointer, "name") { $0.name.lowercased() }
    note(jobs, \.pointer, "ID") { $0.id }
    note(jobs, \.pointer, "name") { $0.name.lowercased() }
    note(runs, \.pointer, "ID") { $0.run.id }
    note(generators, \.pointer, "Job, From and EveryMinutes") {
      [$0.job.lowercased(), "\($0.runs.from.timeIntervalSince1970)", "\($0.runs.everyMinutes)"]
    }
  }
}
