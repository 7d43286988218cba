import Domain
import FoundationEssentials
import Repository

/// The jobs there will be after an import, by their IDs and their names.
struct JobNames {
  private var jobs: [UUID: KnownNames.Job]
  private var ids: [String: UUID]
  let names: [String]

  init(file: ImportFile, known: KnownNames) {
    jobs = Dictionary(known.jobs.map { ($0.id, $0) }) { first, _ in first }
    // The file's names count: it may rename a job.
    for job in file.jobs { jobs[job.id] = KnownNames.Job(id: job.id, name: job.name) }
    // Of two jobs of the same name, the one that is not in the file is named to its author.
    let inFile = Set(file.jobs.map(\.id))
    ids = [:]
    for job in jobs.values {
      let name = job.name.lowercased()
      if ids[name] == nil || !inFile.contains(job.id) { ids[name] = job.id }
    }
    names = jobs.values.map(\.name).sorted()
  }

  func job(named name: String) -> UUID? { ids[name.lowercased()] }

  /// - Parameter reference: A job's ID or its name.
  func job(_ reference: String) -> KnownNames.Job? {
    if let id = UUID(guid: reference), let job = jobs[id] { return job }
    return job(named: reference).flatMap { jobs[$0] }
  }
}
