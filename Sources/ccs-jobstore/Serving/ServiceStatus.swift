import Postgres
import Repository

/// What systemd is told of the server: whether it is ready, and its line in `systemctl status`.
struct ServiceStatus: Sendable, Equatable, CustomStringConvertible {
  enum Phase: Sendable, Equatable {
    /// The database's schema is not known yet.
    case starting
    case serving(port: Int)
    /// With the reason and what to do.
    case refused(String)
    case stopping
  }

  var phase = Phase.starting
  /// Why there is no connection to the database; nil if there is one.
  var outage: Outage?
  /// With what error the database has answered the question for its schema.
  var fault: String?
  /// Why the last reload was refused; nil if it was not.
  var refusedReload: String?

  var isReady: Bool {
    if case .serving = phase { true } else { false }
  }

  var description: String {
    var sentences: [String]
    switch phase {
    case .starting where outage != nil: sentences = ["Waiting for the database."]
    case .starting:
      sentences = [
        fault.map { "The database's schema cannot be read: \($0)" } ?? "Looking at the database's schema."
      ]
    case .serving(let port): sentences = ["Serving on port \(port)."]
    case .refused(let reason): sentences = ["Not started. \(reason)"]
    case .stopping: sentences = ["Stopping."]
    }
    if let outage, phase != .stopping { sentences.append("\(outage.detail) Requests are answered with 503.") }
    if let refusedReload, phase != .stopping {
      sentences.append("The last reload was refused: \(refusedReload)")
    }
    return sentences.joined(separator: " ")
  }
}

extension Outage {
  /// For operators.
  var detail: String {
    switch self {
    case .unreachable: "The database cannot be reached."
    case .readOnly: "The database is a standby or read-only."
    case .upgraded: "PostgreSQL was upgraded while it ran: restart PostgreSQL."
    case .withoutSession: "The pooler in front of the database must use session mode."
    }
  }
}

extension DeployedSchema {
  /// Why this build refuses it, and what to do.
  var remedy: String {
    let found: String
    switch self {
    case .release(let release, _) where release < .required: found = "has schema \(release)"
    case .release, .unknown:
      return "The database has schema \(self), which is newer than this server's \(SchemaRelease.required): "
        + "install the server's release \(self)."
    case .none: found = "has no schema, or not all of it"
    }
    return "The database \(found); this server needs schema \(SchemaRelease.required). "
      + "Run: sudo -u postgres /usr/share/ccs-jobstore/scripts/migrate deploy"
  }
}
