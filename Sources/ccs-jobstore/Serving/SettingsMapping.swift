import API
import Authorization
import Background
import Domain
import FoundationEssentials
import HTTPServer
import Postgres

// The settings of each layer, from the configuration.

extension Configuration {
  /// - Throws: If the password's file cannot be read.
  func connectionSettings() throws(ConfigurationError) -> ConnectionSettings {
    ConnectionSettings(
      conninfo: database.connection,
      password: try Self.secret(database.passwordFile, key: "database.passwordFile"),
      applicationName: "ccs-jobstore", connectTimeout: .seconds(database.connectTimeoutSeconds),
      statementTimeout: .seconds(database.statementTimeoutSeconds),
      lockTimeout: .seconds(database.lockTimeoutSeconds))
  }

  var poolLimits: Pool.Limits {
    Pool.Limits(
      connections: database.connections, queueLimit: database.queueLimit,
      queueTimeout: .seconds(database.queueTimeoutSeconds))
  }

  var serverSettings: Server.Settings {
    Server.Settings(
      headBytes: limits.headerBytes, bulkTimeout: .seconds(limits.bulkTimeoutSeconds),
      connections: limits.connections, connectionsPerAddress: limits.connectionsPerAddress,
      newConnectionsPerAddress: limits.newConnectionsPerAddress,
      requestsInFlight: limits.requestsInFlight, memoryBytes: limits.memoryBytes,
      leastRate: limits.leastBytesPerSecond, threads: listen.threads,
      headTimeout: .seconds(limits.headTimeoutSeconds), idleTimeout: .seconds(limits.idleTimeoutSeconds),
      bodyTimeout: .seconds(limits.bodyTimeoutSeconds), requestTimeout: .seconds(limits.requestTimeoutSeconds)
    )
  }

  var requestLimits: RequestLimits {
    RequestLimits(
      bodyBytes: limits.bodyBytes, tokenBodyBytes: limits.tokenBodyBytes,
      bulkBodyBytes: limits.bulkBodyBytes, jobsPerRequest: deletion.maximumJobsPerRequest,
      rowBytes: collectors.maximumRowBytes, messageCharacters: collectors.maximumMessageCharacters,
      job: JobDetails.Limits(assets: jobs.maximumAssets, standards: jobs.maximumStandards))
  }

  var signInSettings: SignIn.Settings {
    SignIn.Settings(
      accessLifetime: tokens.accessLifetimeSeconds, refreshLifetime: tokens.refreshLifetimeSeconds,
      failures: .init(failures: passwords.failuresBeforeDelay, maximumDelay: passwords.maximumDelaySeconds))
  }

  var scryptParameters: ScryptParameters {
    ScryptParameters(logN: passwords.scryptLogN, r: passwords.scryptR, p: passwords.scryptP)
  }

  var eraserSettings: Eraser.Settings {
    Eraser.Settings(
      batchRows: deletion.eraserBatchRows, pollInterval: .seconds(deletion.eraserPollSeconds),
      dutyPercent: deletion.eraserDutyPercent,
      retention: .init(
        keepRuns: retention.keepRuns == 0 ? nil : retention.keepRuns,
        keepDays: retention.keepDays == 0 ? nil : retention.keepDays),
      sweepInterval: .seconds(retention.sweepSeconds),
      keepAuditDays: audit.keepDays == 0 ? nil : audit.keepDays)
  }

  var schedulerSettings: Scheduler.Settings {
    Scheduler.Settings(
      pollInterval: .seconds(schedule.pollSeconds), maximumAttempts: collectors.maximumAttempts)
  }

  /// The first line of a file; nil for no file.
  ///
  /// - Parameter key: The setting that names the file.
  static func secret(_ file: String?, key: String) throws(ConfigurationError) -> String? {
    guard let file else { return nil }
    if let problem = NamedFile(key: key, path: file).problem {
      throw ConfigurationError(problems: [problem])
    }
    let text = (try? Data(contentsOf: URL(filePath: file))) ?? Data()
    return String(String(decoding: text, as: UTF8.self).prefix { !$0.isNewline })
  }
}
