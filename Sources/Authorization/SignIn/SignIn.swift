import Domain
import FoundationEssentials
import Observability
import Repository

/// The token endpoint: logins, refreshes, revocations.
public struct SignIn: Sendable {
  public struct Settings: Sendable {
    /// Seconds, from 1.
    public var accessLifetime: Int
    /// Seconds, from 1.
    public var refreshLifetime: Int
    /// When failed logins delay the next one.
    public var failures: FailedLogins.Limits

    public init(accessLifetime: Int, refreshLifetime: Int, failures: FailedLogins.Limits) {
      self.accessLifetime = accessLifetime
      self.refreshLifetime = refreshLifetime
      self.failures = failures
    }
  }

  private let repository: Repository
  private let hasher: PasswordHasher
  private let memory: PasswordMemory
  private let loginsOfUser: KeyedLock<String>
  private let loginsOfNetwork = KeyedSlots<String>()
  private let settings: Settings
  private let observe: Observer

  /// - Parameter memory: Passwords that were right recently; it remembers nothing until it is given a lifetime.
  public init(
    repository: Repository, hasher: PasswordHasher, memory: PasswordMemory = PasswordMemory(),
    settings: Settings, observer: Observer
  ) {
    self.repository = repository
    self.hasher = hasher
    self.memory = memory
    loginsOfUser = KeyedLock(maximumWaiters: hasher.queueLimit)
    self.settings = settings
    observe = observer
  }

  /// Issues a pair of tokens.
  public func issue(
    _ grant: TokenGrant, _ context: inout RequestContext
  ) async throws(TokenRefusal) -> IssuedTokens {
    let issued =
      switch grant {
      case .password(let userName, let password):
        try await logIn(
          userName: userName, password: OpaquePassword.normalized(password), peer: context.peer)
      case .refresh(let token):
        try await refresh(token)
      }
    context.userName = issued.userName
    return issued
  }

  /// Ends the session of a token of either kind; nothing if it is unknown (RFC 7009, section 2.2).
  public func revoke(token: String) async throws(Refusal) {
    try await refusing { () async throws(RepositoryError) in
      try await repository.sessions.revoke(hash: Token(text: token).hash)
    }
  }

  private func logIn(userName: String, password: [UInt8], peer: String) async throws(TokenRefusal)
    -> IssuedTokens
  {
    let account = try await account(named: userName)
    // By the account's own name: all spellings of it share one count.
    let attempt = FailedLogins.Attempt(
      name: account?.userName ?? userName, network: "\(ClientNetwork(address: peer))", user: account?.userID)
    let isKnown = try await refuseIfSlowedDown(attempt, userName: userName, peer: peer)
    // The passwords of one user are hashed one after the other, each failure counted before the next attempt: otherwise
    // as many could be tried at once as there are threads. One that was right recently need not wait, and a known network
    // does not wait for others.
    let key = NameRules.key(of: attempt.name) + (isKnown ? " \(attempt.network)" : "")
    let waits = !hasher.knows(password, of: account, remembering: memory)
    if waits {
      switch await loginsOfUser.acquire(key) {
      case .acquired: break
      case .refused: throw .other(Self.busy)
      case .cancelled: throw .other(.timedOut)
      }
    }
    defer { if waits { loginsOfUser.release(key) } }
    // Nobody fills the queue of passwords alone, but who has signed in from there before is not kept out by others there.
    let isCounted = waits && !isKnown
    guard !isCounted || loginsOfNetwork.take(attempt.network, limit: max(1, hasher.queueLimit / 4)) else {
      throw .other(Self.busy)
    }
    defer { if isCounted { loginsOfNetwork.giveBack(attempt.network) } }
    if waits { try await refuseIfSlowedDown(attempt, userName: userName, peer: peer) }

    let reason: String
    switch try await open(account, password) {
    case .opened(let user, let issued):
      try await storing { () async throws(RepositoryError) in
        try await repository.failedLogins.clear(attempt, user: user, from: peer)
      }
      observe(.loginSucceeded(user: issued.userName, peer: peer))
      return issued
    case .refused(let why):
      reason = why
    }
    try await storing { () async throws(RepositoryError) in
      try await repository.failedLogins.record(attempt, settings.failures, from: peer)
    }
    observe(.loginFailed(user: userName, peer: peer, reason: reason))
    throw .invalidGrant("The user name or the password is wrong, or the user is disabled.")
  }

  /// - Returns: Whether the user has signed in from this network before.
  @discardableResult
  private func refuseIfSlowedDown(
    _ attempt: FailedLogins.Attempt, userName: String, peer: String
  ) async throws(TokenRefusal) -> Bool {
    let (wait, isKnown) = try await storing { () async throws(RepositoryError) in
      try await repository.failedLogins.wait(for: attempt, settings.failures)
    }
    guard wait == 0 else {
      observe(.loginFailed(user: userName, peer: peer, reason: "slowed down for another \(wait) s"))
      throw .slowedDown(seconds: wait)
    }
    return isKnown
  }

  private static let busy = Refusal.unavailable("too many logins at once")

  private enum Opening {
    case opened(UUID, IssuedTokens)
    /// With the reason, for the log.
    case refused(String)
  }

  /// Verifies a password and opens a session. Tries again if the password's hash has changed meanwhile: a concurrent
  /// login replaces it when the cost was raised.
  private func open(
    _ account: Sessions.Account?, _ password: [UInt8], isSecondAttempt: Bool = false
  ) async throws(TokenRefusal) -> Opening {
    switch await hasher.verify(password, of: account, remembering: memory) {
    case .busy:
      throw .other(Self.busy)
    case .wrong:
      return .refused(account == nil ? "unknown user" : "wrong password")
    case .right(let rehashed):
      guard let account, let stored = account.passwordHash, !account.disabled else {
        return .refused("the user is disabled")
      }
      let tokens = try newTokens()
      let isOpen = try await storing { () async throws(RepositoryError) in
        try await repository.sessions.open(
          user: account.userID, passwordHash: stored, tokens: tokens.stored)
      }
      guard isOpen else {
        guard !isSecondAttempt else { return .refused("the user or the password changed meanwhile") }
        return try await open(
          try await self.account(named: account.userName), password, isSecondAttempt: true)
      }
      if let rehashed {
        try await storing { () async throws(RepositoryError) in
          try await repository.sessions.rehash(user: account.userID, from: stored, to: rehashed)
        }
      }
      return .opened(account.userID, tokens.issued(to: account.userName))
    }
  }

  private func account(named name: String) async throws(TokenRefusal) -> Sessions.Account? {
    try await storing { () async throws(RepositoryError) in try await repository.sessions.account(named: name)
    }
  }

  private func refresh(_ token: String) async throws(TokenRefusal) -> IssuedTokens {
    let tokens = try newTokens()
    let outcome = try await storing { () async throws(RepositoryError) in
      try await repository.sessions.refresh(hash: Token(text: token).hash, tokens: tokens.stored)
    }
    switch outcome {
    case .renewed(let userName):
      return tokens.issued(to: userName)
    case .reused(let userName):
      observe(.refreshTokenReused(user: userName))
      fallthrough
    case .unknown:
      throw .invalidGrant("The refresh token is invalid, expired, revoked or used up.")
    }
  }

  /// A pair of tokens before it is known to whom they are issued.
  private struct NewTokens {
    let access: Token
    let refresh: Token
    let settings: Settings

    var stored: Sessions.TokenPair {
      Sessions.TokenPair(
        accessHash: access.hash, accessSeconds: settings.accessLifetime, refreshHash: refresh.hash,
        refreshSeconds: settings.refreshLifetime)
    }

    func issued(to userName: String) -> IssuedTokens {
      IssuedTokens(
        userName: userName, accessToken: access.text, refreshToken: refresh.text,
        expiresIn: settings.accessLifetime)
    }
  }

  private func newTokens() throws(TokenRefusal) -> NewTokens {
    guard let access = try? Token.random(), let refresh = try? Token.random() else {
      throw .other(.failed("no random bytes"))
    }
    return NewTokens(access: access, refresh: refresh, settings: settings)
  }

  private func storing<Result>(
    _ body: () async throws(RepositoryError) -> Result
  ) async throws(TokenRefusal) -> Result {
    do throws(RepositoryError) {
      return try await body()
    } catch {
      throw .other(Refusal(error))
    }
  }
}
