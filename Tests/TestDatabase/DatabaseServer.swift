import Foundation

/// A PostgreSQL server that belongs to the tests, as its superuser.
public struct DatabaseServer: Sendable {
  public struct Malformed: Error, CustomStringConvertible {
    let conninfo: String
    public var description: String {
      "expected keyword=value pairs without quotes, with host and user: \(conninfo)"
    }
  }

  let host: String
  let port: String
  let user: String
  let password: String?

  init(socketFolder: String) {
    (host, port, user, password) = (socketFolder, "5432", "postgres", nil)
  }

  init(conninfo: String) throws(Malformed) {
    var words: [String: String] = [:]
    for word in conninfo.split(separator: " ") {
      let parts = word.split(separator: "=", maxSplits: 1)
      guard parts.count == 2, !parts[1].contains("'") else { throw Malformed(conninfo: conninfo) }
      words[String(parts[0])] = String(parts[1])
    }
    guard let host = words["host"], let user = words["user"] else { throw Malformed(conninfo: conninfo) }
    (self.host, self.user, port, password) = (host, user, words["port"] ?? "5432", words["password"])
  }

  /// The server that all tests share: the one that `CCS_JOBSTORE_TEST_DATABASE` names, or a cluster started for this
  /// run.
  public static func shared() async throws -> DatabaseServer { try await sharing.value }

  private static let sharing = Task {
    if let conninfo = ProcessInfo.processInfo.environment["CCS_JOBSTORE_TEST_DATABASE"], !conninfo.isEmpty {
      return try DatabaseServer(conninfo: conninfo)
    }
    return try await TestCluster.start().server
  }

  /// The connection string of a database.
  ///
  /// - Parameter user: nil for the superuser.
  public func conninfo(database: String = "postgres", user: String? = nil) -> String {
    "host=\(host) port=\(port) dbname=\(database) user=\(user ?? self.user)"
      + (password.map { " password=\($0)" } ?? "")
  }

  /// The environment in which psql and sqitch connect to the server as its superuser.
  public var environment: [String: String] {
    var environment = ProcessInfo.processInfo.environment.filter {
      !$0.key.hasPrefix("PG") && !$0.key.hasPrefix("CCS_JOBSTORE_")
    }
    environment["PGHOST"] = host
    environment["PGPORT"] = port
    environment["PGUSER"] = user
    environment["PGPASSWORD"] = password
    environment["PGOPTIONS"] = "-c client_min_messages=warning"
    return environment
  }

  /// Runs SQL with psql, each statement as a transaction.
  ///
  /// - Returns: The rows, a line each, columns separated by `|`.
  @discardableResult
  public func psql(_ sql: String, database: String = "postgres") async throws -> String {
    let text = try await Command.run(
      ["psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-d", database], environment: environment, input: sql)
    return text.trimmingCharacters(in: .newlines)
  }
}
