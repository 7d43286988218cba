import API
import Authorization
import Background
import HTTPServer
import Observability
import Repository

/// What one configuration serves, and its background work. A reload exchanges it as a whole.
struct Generation: Sendable {
  let configuration: Configuration
  private let background: [Task<Void, Never>]

  /// Puts a configuration in force.
  ///
  /// - Throws: If its certificate cannot be used, or a setting cannot be applied; the one in force stays then.
  init(_ configuration: Configuration, parts: SharedParts, probes: Probes) throws {
    self.configuration = configuration
    let observe = parts.observe
    let certificate = try Certificate(
      chainFile: configuration.tls.certificateFile, privateKeyFile: configuration.tls.privateKeyFile)
    observe(.certificate(expiresInDays: certificate.daysLeft, subject: certificate.subject))
    try parts.server.serve(
      Router(
        Self.gates(configuration, parts, probes, certificate), limits: configuration.requestLimits),
      certificate: certificate, settings: configuration.serverSettings)
    parts.passwordMemory.setLifetime(.seconds(configuration.passwords.rememberSeconds))
    observe.setLevel(configuration.log.level)
    let eraser = Eraser(
      store: parts.repository, settings: configuration.eraserSettings, wakeUps: parts.eraserWakeUps
    ) { observe($0) }
    let scheduler = Scheduler(store: parts.repository, settings: configuration.schedulerSettings) {
      observe($0)
    }
    background = [
      parts.background { await eraser.run() },
      parts.background { await scheduler.run() },
    ]
  }

  /// Ends the background work. Requests in progress go on.
  func end() {
    for task in background { task.cancel() }
  }

  private static func gates(
    _ configuration: Configuration, _ parts: SharedParts, _ probes: Probes, _ certificate: Certificate
  ) -> Gates {
    let (repository, observe) = (parts.repository, parts.observe)
    return Gates(
      authorizer: Authorizer(repository: repository),
      jobs: JobGate(
        repository: repository, deletionRowBound: configuration.deletion.transactionRowBound,
        shares: parts.searchShares, observer: observe,
        rowsLeft: { [wakeUps = parts.eraserWakeUps] in wakeUps.wake() }),
      runs: RunGate(
        repository: repository,
        limits: .init(
          attempts: configuration.collectors.maximumAttempts,
          // Of the requests in flight half may wait.
          waitingClaims: max(1, configuration.limits.requestsInFlight / 4))),
      reports: ReportGate(
        repository: repository, maximumUploads: configuration.collectors.maximumUploads,
        slots: parts.uploadSlots,
        observer: observe),
      results: ResultGate(
        repository: repository, maximumChecks: configuration.results.maximumChecks,
        shares: parts.searchShares),
      inventory: InventoryGate(repository: repository, shares: parts.searchShares),
      audit: AuditGate(repository: repository),
      signIn: SignIn(
        repository: repository,
        hasher: PasswordHasher(
          parameters: configuration.scryptParameters, threads: configuration.passwords.hashThreads,
          queueLimit: configuration.passwords.hashQueueLimit),
        memory: parts.passwordMemory, settings: configuration.signInSettings, observer: observe),
      readiness: { await probes.readiness(certificate) },
      metrics: { await probes.metrics(certificate) })
  }
}
