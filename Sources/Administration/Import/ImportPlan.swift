import Domain
import FoundationEssentials
import JSON
import Repository

/// Resolves the references of a directory file, by the names in the file and in the directory.
struct ImportPlan {
  let file: ImportFile
  private let known: KnownNames
  private let now: Date
  private let jobs: JobNames
  /// The folders after the import, by ``FolderPath/key``.
  private var folders: [String: UUID] = [:]
  private var folderPaths: [String] = []
  var rows = ImportRows()
  private(set) var problems: [JSONProblem] = []

  /// - Parameter now: Next runs are planned after this time.
  init(_ file: ImportFile, known: KnownNames, now: Date) {
    self.file = file
    self.known = known
    self.now = now
    jobs = JobNames(file: file, known: known)
    planFolders()
    planInventory()
    planAccounts()
    planJobs()
    planRuns()
    planInventedRuns()
  }

  private mutating func note(
    _ kind: DirectoryKind, _ pointer: JSONPointer, _ name: String, known: [String]
  ) {
    guard !file.doubtful.contains(kind) else { return }
    problems.append(JSONProblem(pointer, .unknownName(kind: kind.rawValue, name: name, known: known)))
  }

  mutating func note(_ pointer: JSONPointer, rule: String) {
    problems.append(JSONProblem(pointer, .rule(rule)))
  }

  private mutating func planFolders() {
    var paths: [String] = known.folders.paths
    for path in file.folders.flatMap(\.lineage) where folders[path.key] == nil {
      if let id = known.folders[path.description] {
        folders[path.key] = id
        rows.foldersUnchanged += path.names.isEmpty ? 0 : 1
      } else if let parent = path.parent, let name = path.names.last, let parentID = folders[parent.key] {
        let id = UUID()
        folders[path.key] = id
        rows.folders.append(
          ImportRows.Folder(id: id, parentID: parentID, name: name, depth: path.names.count))
        paths.append(path.description)
      }
    }
    folderPaths = paths
  }

  private mutating func folder(_ path: FolderPath, _ pointer: JSONPointer) -> UUID? {
    if let id = folders[path.key] ?? known.folders[path.description] { return id }
    note(.folder, pointer, path.description, known: folderPaths)
    return nil
  }

  private mutating func planInventory() {
    for asset in file.assets {
      guard let folder = folder(asset.folder, asset.pointer / "Folder") else { continue }
      rows.assets.append(
        ImportRows.Asset(id: asset.id, name: asset.name, type: asset.type, folderID: folder))
    }
    for standard in file.standards {
      guard let folder = folder(standard.folder, standard.pointer / "Folder") else { continue }
      rows.standards.append(
        ImportRows.Standard(id: standard.id, name: standard.name, version: standard.version, folderID: folder)
      )
    }
  }

  private mutating func planAccounts() {
    let roles = file.roles.map(\.name) + known.roles
    let roleNames = Set(roles.map { NameRules.key(of: $0) })
    for role in file.roles {
      var ids: [UUID]?
      if let folders = role.folders {
        ids = []
        for reference in folders {
          if let id = folder(reference.name, reference.pointer) { ids?.append(id) }
        }
      }
      rows.roles.append(
        ImportRows.Role(
          name: role.name, description: role.description, tasks: role.tasks?.map(\.rawValue), folderIDs: ids))
    }
    for user in file.users {
      for role in user.roles ?? [] where !roleNames.contains(NameRules.key(of: role.name)) {
        note(.role, role.pointer, role.name, known: roles)
      }
      rows.users.append(
        ImportRows.User(name: user.name, disabled: user.disabled, roles: user.roles?.map(\.name)))
    }
  }

  private mutating func planJobs() {
    let users = file.users.map(\.name) + known.users
    let userNames = Set(users.map { NameRules.key(of: $0) })
    let assets = known.assets.union(file.assets.map(\.id))
    let standards = known.standards.union(file.standards.map(\.id))
    for job in file.jobs {
      noteMissing(.asset, job.details?.assets, from: assets)
      noteMissing(.standard, job.details?.standards, from: standards)
      if let user = job.createdBy, !userNames.contains(NameRules.key(of: user)) {
        note(.user, job.pointer / "CreatedBy", user, known: users)
      }
      if let other = jobs.job(named: job.name), other != job.id {
        note(job.pointer / "Name", rule: "is the name of the job \(other.guidString) already")
      }
      rows.jobs.append(
        ImportRows.Job(
          id: job.id, name: job.name, description: job.description, type: job.type,
          createdBy: job.createdBy, createdAt: job.createdAt, configuration: job.details?.json,
          // A past time belongs to where the job comes from: an import does not start jobs that run once.
          nextRunAt: job.details?.schedule?.nextRun(after: now),
          runTimeLimit: job.details?.schedule?.runTimeLimit.map { Int($0.components.seconds) },
          keepRuns: job.details?.retention?.runs, keepDays: job.details?.retention?.days,
          runNow: job.details?.schedule?.runNow ?? false))
    }
  }

  private mutating func noteMissing(
    _ kind: DirectoryKind, _ items: [JobDetails.Item]?, from existing: Set<UUID>
  ) {
    for item in items ?? [] where !existing.contains(item.id) {
      note(kind, item.pointer, item.id.guidString, known: [])
    }
  }

  private mutating func planRuns() {
    // Numbers the runs without an ID that share job and time.
    struct Moment: Hashable {
      var job: UUID
      var time: Date
    }
    var sequences: [Moment: Int] = [:]
    for entry in file.runs {
      guard let job = job(entry.job, entry.pointer / "Job") else { continue }
      if let id = entry.run.id, let other = known.jobOfRun[id], other != job.id {
        note(entry.pointer / "ID", rule: "is the ID of a run of the job \(other.guidString) already")
      }
      var run = entry.run
      run.jobID = job.id
      if run.id == nil {
        let moment = Moment(job: job.id, time: run.queuedAt)
        run.sequence = sequences[moment, default: 0]
        sequences[moment] = run.sequence + 1
      }
      rows.runs.append(run)
    }
  }

  mutating func job(_ reference: String, _ pointer: JSONPointer) -> KnownNames.Job? {
    if let job = jobs.job(reference) { return job }
    note(.job, pointer, reference, known: jobs.names)
    return nil
  }
}

/// The jobs after an import, by ID and by name.
struct JobNames {
  private var jobs: [UUID: KnownNames.Job]
  private var ids: [String: UUID]
  let names: [String]

  init(file: ImportFile, known: KnownNames) {
    jobs = Dictionary(known.jobs.map { ($0.id, $0) }) { first, _ in first }
    // The file may rename a job.
    for job in file.jobs { jobs[job.id] = KnownNames.Job(id: job.id, name: job.name) }
    // Of two jobs with the same name, the one that is not in the file is reported.
    let inFile = Set(file.jobs.map(\.id))
    ids = [:]
    for job in jobs.values {
      let name = NameRules.key(of: job.name)
      if ids[name] == nil || !inFile.contains(job.id) { ids[name] = job.id }
    }
    names = jobs.values.map(\.name).sorted()
  }

  func job(named name: String) -> UUID? { ids[NameRules.key(of: name)] }

  /// - Parameter reference: A job's ID or its name.
  func job(_ reference: String) -> KnownNames.Job? {
    if let id = UUID(guid: reference), let job = jobs[id] { return job }
    return job(named: reference).flatMap { jobs[$0] }
  }
}
