import Glibc
import HTTPServer

/// Looks at all that a start looks at, beyond the text of the configuration. It connects to nothing and opens no port.
struct StartCheck {
  private(set) var problems: [String] = []
  /// What could not be looked at, and why.
  private(set) var unchecked: [String] = []

  init(_ configuration: Configuration) {
    var hidden: Set<String> = []
    var unreadable: Set<String> = []
    for setting in Setting.all where setting.namesFile {
      guard let path = setting.value(configuration).nonEmptyText else { continue }
      let file = NamedFile(key: setting.key, path: path)
      if file.isHiddenCredential {
        hidden.insert(setting.key)
        unchecked.append("\(setting.key) names \(path), which only the running service sees")
      } else if let problem = file.problem {
        unreadable.insert(setting.key)
        problems.append("\(problem)")
      }
    }
    checkCertificate(configuration.tls, hidden: hidden, unreadable: unreadable)
    checkAddress(configuration.listen.address)
    if geteuid() == 0 {
      unchecked.append(
        "whether the service's user may read these files: root may read all; "
          + "run it as that user: sudo -u ccs_jobstore ccs-jobstore check-config")
    }
  }

  private mutating func checkCertificate(
    _ tls: Configuration.TLS, hidden: Set<String>, unreadable: Set<String>
  ) {
    let keys: Set = ["tls.certificateFile", "tls.privateKeyFile"]
    guard unreadable.isDisjoint(with: keys) else { return }
    guard hidden.isDisjoint(with: keys) else {
      return unchecked.append("whether the certificate can be served with its key")
    }
    do throws(Certificate.Failure) {
      _ = try Certificate(chainFile: tls.certificateFile, privateKeyFile: tls.privateKeyFile)
    } catch {
      problems.append("\(error)")
    }
  }

  /// On a port that is free: the one of the configuration may be in use, by the server itself.
  private mutating func checkAddress(_ address: String) {
    do throws(ListeningSocket.Failure) {
      try ListeningSocket.open(address: address, port: 0, backlog: 1).close()
    } catch {
      problems.append("listen.address: \(error)")
    }
  }
}
