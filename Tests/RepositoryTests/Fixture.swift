import EventLoop
import FoundationEssentials
import Postgres
import Repository
import TestDatabase
import Testing

/// A migrated database, the repository as the server's role sees it, and the owner's way around it.
struct Fixture: Sendable {
  let database: TestDatabase
  let repository: Repository
  /// Delete Job for whoever has a token.
  let deletion: Deletion
  /// Connections of the server's role.
  let service: Pool
  /// Connections of the superuser.
  let owner: Pool

  /// The first column of a query's first row, for the superuser.
  func value<Result: ColumnValue>(_ query: Query) async throws -> Result {
    try await owner.execute(query)[0](0)
  }

  /// The number of runs that a job says it has.
  func runCount(of job: UUID) async throws -> Int {
    try await value(Statement("SELECT run_count FROM directory.jobs WHERE job_id = $1", .uuid)(.uuid(job)))
  }

  /// The number of rows of a table.
  func count(_ table: String) async throws -> Int {
    try await value(Statement("SELECT count(*) FROM \(table)")())
  }
}

/// Runs a test with a migrated database of its own.
func withFixture(_ body: (Fixture) async throws -> Void) async throws {
  try await TestDatabase.with(migrated: true) { database in
    try await withPool(database.conninfo(user: "ccs_jobstore")) { service in
      try await withPool(database.conninfo()) { owner in
        let repository = Repository(pool: service)
        try await body(
          Fixture(
            database: database, repository: repository, deletion: repository.deletion,
            service: service, owner: owner))
      }
    }
  }
}

/// A pool with a loop of its own, shut down afterwards.
func withPool(
  _ conninfo: String, lockTimeout: Duration = .seconds(60), connections: Int = 4,
  _ body: (Pool) async throws -> Void
) async throws {
  let settings = ConnectionSettings(
    conninfo: conninfo, applicationName: "tests", connectTimeout: .seconds(30),
    statementTimeout: .seconds(60),
    lockTimeout: lockTimeout)
  let loop = EventLoop(name: "tests")
  let pool = Pool(
    loop: loop, settings: settings,
    limits: .init(connections: connections, queueLimit: 1000, queueTimeout: .seconds(60)), report: { _ in })
  await pool.start()
  let outcome: Swift.Result<Void, any Error>
  do { outcome = .success(try await body(pool)) } catch { outcome = .failure(error) }
  await pool.shutDown(timeout: .seconds(60))
  loop.stop()
  try outcome.get()
}

/// Random numbers that are the same in every run (SplitMix64), so that a failure can be looked at again.
struct RepeatableRandom: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}
