import Foundation
import Glibc

/// A child process that inherits no descriptors but its standard ones.
///
/// Not Foundation's Process: it learns of a child's end by a socket, which a daemon that another thread starts at the
/// same moment may inherit and keep open.
struct Child: Sendable {
  struct NotStarted: Error { let code: Int32 }

  let id: pid_t

  /// Starts a program in the root folder.
  ///
  /// - Parameters:
  ///   - command: The program, searched in `PATH`, and its arguments.
  ///   - environment: nil for that of the tests.
  ///   - input: The descriptor of its standard input.
  ///   - output: The descriptor of its standard output and standard error.
  init(_ command: [String], environment: [String: String]?, input: Int32, output: Int32) throws(NotStarted) {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    for (descriptor, standard) in [(input, 0), (output, 1), (output, 2)] as [(Int32, Int32)] {
      posix_spawn_file_actions_adddup2(&actions, descriptor, standard)
    }
    for descriptor in 3..<Int32(min(sysconf(Int32(_SC_OPEN_MAX)), 4096)) {
      posix_spawn_file_actions_addclose(&actions, descriptor)
    }

    // The threads of Swift's pool block signals, and a child would inherit that.
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var none = sigset_t()
    sigemptyset(&none)
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))

    let variables = (environment ?? ProcessInfo.processInfo.environment).map { "\($0.key)=\($0.value)" }
    let (arguments, environment) = (
      (["env", "-C", "/"] + command).map { strdup($0) }, variables.map { strdup($0) }
    )
    defer { for text in arguments + environment { free(text) } }
    var id = pid_t()
    let code = posix_spawnp(&id, "env", &actions, &attributes, arguments + [nil], environment + [nil])
    guard code == 0 else { throw NotStarted(code: code) }
    self.id = id
  }

  /// Waits for its end on a separate thread.
  ///
  /// - Returns: Its exit status; more than 128 if a signal ended it.
  func end() async -> Int32 {
    await withCheckedContinuation { continuation in
      Thread.detachNewThread {
        var status: Int32 = 0
        while waitpid(id, &status, 0) < 0, errno == EINTR {}
        continuation.resume(returning: status & 0x7F == 0 ? status >> 8 & 0xFF : 128 + status & 0x7F)
      }
    }
  }

  /// Whether it has ended. Must not be called again after `true`.
  var hasEnded: Bool {
    var status: Int32 = 0
    return waitpid(id, &status, WNOHANG) != 0
  }
}
