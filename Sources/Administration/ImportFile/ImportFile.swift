import Domain
import FoundationEssentials
import JSON
import Repository

/// What a directory file asks for, each entry right in itself; whether what it refers to exists is not known yet.
///
/// The file is one JSON5 object with the lists below as its members, all optional, in PascalCase. An entry says
/// what shall be: a thing that is missing is added, one that differs is changed, and what the file does not
/// name stays. In an entry, a key that is left out leaves what is there.
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

  /// A run of the past; `jobID` is not known yet.
  struct Run: Sendable {
    var pointer: JSONPointer
    var job: String
    var run: ImportedRun
  }

  /// Runs that are to be made up; `jobID` is not known yet. Without assets or standards, the job's.
  struct Generator: Sendable {
    var pointer: JSONPointer
    var job: String
    var runs: GeneratedRuns
  }

  /// A name of something, and where it stands.
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
  var generators: [Generator] = []

  /// What is wrong with the file by itself.
  public internal(set) var problems: [JSONProblem] = []
  /// Kinds of which an entry could not be read: that a name of such a kind is missing proves nothing.
  var doubtful: Set<DirectoryKind> = []

  /// The runs that have been given IDs.
  var runIDs: [UUID] { runs.compactMap(\.run.id) }

  init() {}
}
