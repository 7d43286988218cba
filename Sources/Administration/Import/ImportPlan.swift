import Domain
import FoundationEssentials
import JSON
import Repository

/// Resolves what a directory file refers to, by the names in it and the ones that are in the directory.
struct ImportPlan {
  private let file: ImportFile
  private let known: KnownNames
  private let now: Date
  private let jobs: JobNames
  /// The folders there will be, by the keys of their paths.
  private var folders: [String: UUID] = [:]
  private var folderPaths: [String] = []
  private(set) var rows = ImportRows()
  private(set) var problems: [JSONProblem] = []

  /// - Parameter now: From when on jobs are planned.
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
  }

  private mutating func note(
    _ kind: DirectoryKind, _ pointer: JSONPointer, _ name: String, known: [String]
  ) {
    guard !file.doubtful.contains(kind) else { return }
    problems.append(JSONProblem(pointer, .unknownName(kind: kind.rawValue, name: name, known: known)))
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
    let roleNames = Set(roles.map { $0.lowercased() })
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
      for role in user.roles ?? [] where !roleNames.contains(role.name.lowercased()) {
        note(.role, role.pointer, role.name, known: roles)
      }
      rows.users.append(
        ImportRows.User(name: user.name, disabled: user.disabled, roles: user.roles?.map(\.name)))
    }
  }

  private mutating func planJobs() {
    let users = file.users.map(\.name) + known.users
    let userNames = Set(users.map { $0.lowercased() })
    for job in file.jobs {
      if let user = job.createdBy, !userNames.contains(user.lowercased()) {
        note(.user, job.pointer / "CreatedBy", user, known: users)
      }
      if let other = jobs.job(named: job.name), other != job.id {
        problems.append(
          JSONProblem(job.pointer / "Name", .rule("is the name of the job \(other.guidString) already")))
      }
      rows.jobs.append(
        ImportRows.Job(
          id: job.id, name: job.name, description: job.description, type: job.type,
          createdBy: job.createdBy, createdAt: job.createdAt, configuration: job.details?.json,
          // A time that is past was one where the job comes from: an import does not start jobs that run once.
          nextRunAt: job.details?.schedule?.nextRun(after: now),
          runTimeLimit: job.details?.schedule?.runTimeLimit.map { Int($0.components.seconds) },
          keepRuns: job.details?.retention?.runs, keepDays: job.details?.retention?.days))
    }
  }

  private mutating func planRuns() {
    // Runs without an ID that have the same job and the same time are numbered.
    struct Moment: Hashable {
      var job: UUID
      var time: Date
    }
    var sequences: [Moment: Int] = [:]
    for entry in file.runs {
      guard let job = job(entry.job, entry.pointer / "Job") else { continue }
      if let id = entry.run.id, let other = known.jobOfRun[id], other != job.id {
        problems.append(
          JSONProblem(
            entry.pointer / "ID", .rule("is the ID of a run of the job \(other.guidString) already")))
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
    planGeneratedRuns()
  }

  private mutating func planGeneratedRuns() {
    for entry in file.generators {
      guard let job = job(entry.job, entry.pointer / "Job") else { continue }
      var runs = entry.runs
      let details = file.jobs.first { $0.id == job.id }?.details
      runs.jobID = job.id
      runs.jobName = job.name
      if runs.assets.isEmpty { runs.assets = details?.assets?.map(\.id) ?? [] }
      if runs.standards.isEmpty { runs.standards = details?.standards?.map(\.id) ?? [] }
      if runs.assets.isEmpty, runs.collectedDataPerRun + runs.resultsPerRun > 0 {
        problems.append(
          JSONProblem(entry.pointer / "Assets", .rule("is required, as the job names none here")))
      }
      if runs.standards.isEmpty, runs.resultsPerRun > 0 {
        problems.append(
          JSONProblem(entry.pointer / "Standards", .rule("is required, as the job names none here")))
      }
      rows.generatedRuns.append(runs)
    }
  }

  private mutating func job(_ reference: String, _ pointer: JSONPointer) -> KnownNames.Job? {
    if let job = jobs.job(reference) { return job }
    note(.job, pointer, reference, known: jobs.names)
    return nil
  }
}
