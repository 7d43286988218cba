import Domain
import FoundationEssentials
import JSON
import Repository

/// The entries of a directory file, each valid by itself; references are resolved by ``ImportPlan``.
///
/// The file is one JSON5 object whose members are the lists below, all optional, in PascalCase. An entry that is
/// missing in the directory is added, one that differs is changed, and what the file does not name stays. A key
/// that is left out of an entry leaves the value as it is.
public struct ImportFile: Sendable {
  struct Asset: Sendable, Equatable {
    var pointer: JSONPointer
    var id: UUID
    var name: String
    var type: String
    var folder: FolderPath
  }

  struct Standard: Sendable, Equatable {
    var pointer: JSONPointer
    var id: UUID
    var name: String
    var version: String?
    var folder: FolderPath
  }

  struct Role: Sendable, Equatable {
    var pointer: JSONPointer
    var name: String
    var description: String?
    var tasks: [Permission]?
    var folders: [Reference<FolderPath>]?
  }

  struct User: Sendable, Equatable {
    var pointer: JSONPointer
    var name: String
    var disabled: Bool?
    var roles: [Reference<String>]?
  }

  struct Job: Sendable, Equatable {
    var pointer: JSONPointer
    var id: UUID
    var name: String
    var description: String?
    var type: String
    /// A user's name; nil for a system job.
    var createdBy: String?
    var createdAt: Date?
    /// `JobDetails` as on the wire.
    var details: JobDetails?
  }

  /// A past run. The plan sets its `jobID` and `sequence`.
  struct Run: Sendable {
    var pointer: JSONPointer
    /// The job's ID or name.
    var job: String
    var run: ImportedRun
  }

  /// Runs to invent. The plan sets `jobID`, and the job's assets and standards where there are none.
  struct Invented: Sendable {
    var pointer: JSONPointer
    /// The job's ID or name.
    var job: String
    var runs: InventedRuns
  }

  /// A name, with its place in the file.
  struct Reference<Name: Sendable & Equatable>: Sendable, Equatable {
    var pointer: JSONPointer
    var name: Name
  }

  var folders: [FolderPath] = []
  var assets: [Asset] = []
  var standards: [Standard] = []
  var roles: [Role] = []
  var users: [User] = []
  var jobs: [Job] = []
  var runs: [Run] = []
  var inventedRuns: [Invented] = []

  /// What is wrong with the entries themselves.
  public private(set) var problems: [JSONProblem] = []
  /// Kinds with an unreadable entry; a missing name of such a kind is not reported.
  var doubtful: Set<DirectoryKind> = []

  /// What the file refers to by ID.
  var references: KnownNames.References {
    let details = jobs.compactMap(\.details)
    return KnownNames.References(
      runs: runs.compactMap(\.run.id), assets: details.flatMap { $0.assets ?? [] }.map(\.id),
      standards: details.flatMap { $0.standards ?? [] }.map(\.id))
  }

  init() {}
}

extension ImportFile {
  /// Reads a directory file. What cannot be read is in ``problems``.
  ///
  /// - Parameter limits: Of the jobs' definitions.
  /// - Throws: `DecodingError` if the text is not JSON5.
  public init(_ text: String, limits: JobDetails.Limits = .none) throws {
    self.init(node: try JSONNode(json5: text), limits)
  }

  private init(node: JSONNode, _ limits: JobDetails.Limits) {
    self.init()
    let list = JSONProblems(maximumListed: .max)
    let read = ObjectReader.read(node, at: .root, list) { file in
      var read = ImportFile()
      read.folders = read.entries(file, "Folders", .folder, Self.folder) ?? []
      read.assets = read.entries(file, "Assets", .asset, Self.asset) ?? []
      read.standards = read.entries(file, "Standards", .standard, Self.standard) ?? []
      read.roles = read.entries(file, "Roles", .role, Self.role) ?? []
      read.users = read.entries(file, "Users", .user, Self.user) ?? []
      read.jobs = read.entries(file, "Jobs", .job) { Self.job($0, $1, $2, limits) } ?? []
      read.runs = read.entries(file, "Runs", nil, Self.run) ?? []
      read.inventedRuns = read.entries(file, "GeneratedRuns", nil, Self.inventedRuns) ?? []
      return read
    }
    if let read { self = read }
    noteRepetitions(list)
    problems = list.all.listed.map(Self.withEscapeHint)
  }

  /// Reads a list of the file; an unreadable entry makes its kind doubtful.
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

  /// Notes entries with the same key.
  private func noteRepetitions(_ list: JSONProblems) {
    func note<Entry, Key: Hashable>(
      _ entries: [Entry], _ pointer: (Entry) -> JSONPointer, _ what: String, _ key: (Entry) -> Key?
    ) {
      var first: [Key: JSONPointer] = [:]
      for entry in entries {
        guard let key = key(entry) else { continue }
        if let earlier = first[key] {
          list.note(pointer(entry), rule: "has the same \(what) as \(earlier)")
        } else {
          first[key] = pointer(entry)
        }
      }
    }
    note(assets, \.pointer, "ID") { $0.id }
    note(standards, \.pointer, "ID") { $0.id }
    note(roles, \.pointer, "name") { NameRules.key(of: $0.name) }
    note(users, \.pointer, "name") { NameRules.key(of: $0.name) }
    note(jobs, \.pointer, "ID") { $0.id }
    note(jobs, \.pointer, "name") { NameRules.key(of: $0.name) }
    note(runs, \.pointer, "ID") { $0.run.id }
    note(inventedRuns, \.pointer, "Job, From and EveryMinutes") {
      [NameRules.key(of: $0.job), "\($0.runs.from.timeIntervalSince1970)", "\($0.runs.everyMinutes)"]
    }
  }
}
