import Foundation

/// A private PostgreSQL cluster of the newest installed version, reachable only by a Unix socket in its folder.
public final class TestCluster: Sendable {
  public enum Failure: Error { case notInstalled, noFolder }

  // No test crashes the machine, so nothing has to reach a disk.
  private static let configuration = """
    listen_addresses = ''
    fsync = off
    full_page_writes = off
    max_connections = 200

    """

  public let server: DatabaseServer
  private let programs: String
  private let folder: String
  private let cleanup: CleanupProcess

  /// Whether a cluster can be started here.
  public static var isInstalled: Bool { newestPrograms != nil }

  private static var newestPrograms: String? {
    let root = "/usr/lib/postgresql"
    let versions = (try? FileManager.default.contentsOfDirectory(atPath: root)) ?? []
    return versions.filter { FileManager.default.isExecutableFile(atPath: "\(root)/\($0)/bin/pg_ctl") }
      .max { ($0 as NSString).doubleValue < ($1 as NSString).doubleValue }
      .map { "\(root)/\($0)/bin" }
  }

  /// Creates a cluster and starts it. It is removed when the tests' process ends, at the latest.
  public static func start() async throws -> TestCluster {
    let cluster = try TestCluster()
    try await cluster.asOwner(
      "initdb",
      [
        "--pgdata=\(cluster.data)", "--username=postgres", "--auth=trust", "--encoding=UTF8",
        "--locale=C.UTF-8", "--no-sync",
      ])
    let file = try FileHandle(forWritingTo: URL(fileURLWithPath: "\(cluster.data)/postgresql.conf"))
    file.seekToEndOfFile()
    file.write(Data(configuration.utf8))
    try file.close()
    try await cluster.startAgain()
    return cluster
  }

  private init() throws {
    guard let programs = Self.newestPrograms else { throw Failure.notInstalled }
    // A socket's path has at most 107 bytes, too few for the usual folder of temporary files.
    var name = Array("/tmp/ccs-tests-XXXXXX".utf8CString)
    guard mkdtemp(&name) != nil else { throw Failure.noFolder }
    folder = String(decoding: name.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
    self.programs = programs
    server = DatabaseServer(socketFolder: folder)
    if geteuid() == 0, let owner = getpwnam("postgres") {
      chown(folder, owner.pointee.pw_uid, owner.pointee.pw_gid)
      chmod(folder, 0o755)
    }
    cleanup = try CleanupProcess(
      #"dir=$1; shift; "$@" stop --pgdata "$dir/data" --mode immediate --silent; rm -rf "$dir""#,
      [folder] + Self.ownersCommand("\(programs)/pg_ctl", []))
  }

  private var data: String { "\(folder)/data" }

  /// PostgreSQL refuses to run as root: then it runs as the user of Debian's package.
  private static func ownersCommand(_ program: String, _ arguments: [String]) -> [String] {
    (geteuid() == 0 ? ["runuser", "-u", "postgres", "--"] : []) + [program] + arguments
  }

  private func asOwner(_ program: String, _ arguments: [String]) async throws {
    try await Command.run(Self.ownersCommand("\(programs)/\(program)", arguments))
  }

  /// Starts it, and returns when it accepts connections.
  public func startAgain() async throws {
    try await asOwner(
      "pg_ctl",
      ["start", "--pgdata", data, "--log", "\(folder)/log", "--silent", "-w", "-o", "-k \(folder)"])
  }

  /// Closes its connections and stops it.
  public func stop() async throws {
    try await asOwner("pg_ctl", ["stop", "--pgdata", data, "--mode", "fast", "--silent", "-w"])
  }

  /// Stops it and removes its files.
  public func remove() { cleanup.finish() }
}
