import Postgres

/// The number of a release of the database's schema: that of the server release it came with.
public struct SchemaRelease: Sendable, Hashable, Comparable, CustomStringConvertible {
  /// The release that this build was made for. Change it together with `migrations/deploy/release.sql`.
  public static let required = SchemaRelease(major: 1, minor: 0, patch: 0)

  let major: Int
  let minor: Int
  let patch: Int

  init(major: Int, minor: Int, patch: Int) {
    self.major = major
    self.minor = minor
    self.patch = patch
  }

  /// - Parameter text: Three decimal numbers: `1.0.0`.
  public init?(_ text: some StringProtocol) {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    let numbers = parts.compactMap { $0.allSatisfy(\.isNumber) ? Int($0) : nil }
    guard parts.count == 3, numbers.count == 3 else { return nil }
    self.init(major: numbers[0], minor: numbers[1], patch: numbers[2])
  }

  public var description: String { "\(major).\(minor).\(patch)" }

  public static func < (left: SchemaRelease, right: SchemaRelease) -> Bool {
    (left.major, left.minor, left.patch) < (right.major, right.minor, right.patch)
  }
}

/// The schema that was found in the database.
public enum DeployedSchema: Sendable, Equatable, CustomStringConvertible {
  /// There is no schema, or its migrations are not all deployed.
  case none
  /// A release, and the oldest server release that works with it.
  case release(SchemaRelease, oldestServer: SchemaRelease)
  /// A release whose number this build cannot read.
  case unknown(String)

  /// Whether this build works with it: the schema of its own release, or a newer one that still admits it.
  public var isUsable: Bool { isUsable(by: .required) }

  func isUsable(by server: SchemaRelease) -> Bool {
    guard case .release(let release, let oldestServer) = self else { return false }
    return release >= server && oldestServer <= server
  }

  /// The release, for people.
  public var description: String {
    switch self {
    case .none: "none"
    case .release(let release, _): release.description
    case .unknown(let text): text
    }
  }

  /// Reads the schema's release.
  public static func found(_ pool: Pool) async throws(RepositoryError) -> DeployedSchema {
    try await DatabaseState.found { queries throws(PostgresError) in try await pool.execute(queries) }.schema
  }
}
