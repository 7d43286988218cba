import Foundation

/// A folder with keys and certificates that openssl(1) has made, removed with the fixture.
final class CertificateFixture {
  struct Failure: Error {
    let arguments: [String]
    let output: String
  }

  let folder = FileManager.default.temporaryDirectory.appendingPathComponent("certificates-\(UUID())")

  init() throws {
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(at: folder) }

  func path(_ name: String) -> String { folder.appendingPathComponent(name).path }

  func write(_ text: String, to name: String) throws {
    try Data(text.utf8).write(to: folder.appendingPathComponent(name))
  }

  /// Puts certificates one behind the other into a file.
  func join(_ names: String..., as name: String) throws {
    try write(names.map { try String(contentsOfFile: path($0), encoding: .utf8) }.joined(), to: name)
  }

  func openssl(_ arguments: String...) throws { try openssl(arguments) }

  func openssl(_ arguments: [String]) throws {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/openssl")
    process.arguments = arguments
    process.currentDirectoryURL = folder
    process.standardInput = FileHandle.nullDevice
    let output = folder.appendingPathComponent("output")
    _ = FileManager.default.createFile(atPath: output.path, contents: nil)
    process.standardOutput = try FileHandle(forWritingTo: output)
    process.standardError = process.standardOutput
    try process.run()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else {
      throw Failure(arguments: arguments, output: try String(contentsOf: output, encoding: .utf8))
    }
  }

  func key(_ name: String) throws {
    try openssl(
      "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-out", "\(name).key")
  }

  /// A root: `NAME.pem` and `NAME.key`.
  func root(_ name: String) throws {
    try key(name)
    try openssl(
      "req", "-x509", "-key", "\(name).key", "-subj", "/CN=\(name)", "-days", "30", "-out", "\(name).pem",
      "-addext", "basicConstraints=critical,CA:TRUE")
  }

  /// A certificate `NAME.pem` for the key `NAME.key`, issued by another.
  func issue(_ name: String, by issuer: String, days: Int = 30, isAuthority: Bool = false) throws {
    try key(name)
    try openssl("req", "-new", "-key", "\(name).key", "-subj", "/CN=\(name)", "-out", "\(name).csr")
    try write("basicConstraints=critical,CA:\(isAuthority ? "TRUE" : "FALSE")", to: "\(name).ext")
    try openssl(
      "x509", "-req", "-in", "\(name).csr", "-CA", "\(issuer).pem", "-CAkey", "\(issuer).key", "-days",
      "\(days)", "-extfile", "\(name).ext", "-out", "\(name).pem")
  }

  /// The same, valid from 2 January 2040 on.
  func issueForLater(_ name: String, by issuer: String) throws {
    try key(name)
    try openssl("req", "-new", "-key", "\(name).key", "-subj", "/CN=\(name)", "-out", "\(name).csr")
    try write("", to: "index.txt")
    try write(
      """
      [ca]
      default_ca = authority
      [authority]
      database = index.txt
      new_certs_dir = .
      rand_serial = yes
      default_md = sha256
      policy = policy
      [policy]
      commonName = supplied
      """, to: "ca.conf")
    try openssl(
      "ca", "-batch", "-notext", "-config", "ca.conf", "-cert", "\(issuer).pem", "-keyfile", "\(issuer).key",
      "-startdate", "20400102000000Z", "-enddate", "20410102000000Z", "-in", "\(name).csr", "-out",
      "\(name).pem")
  }
}
