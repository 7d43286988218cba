import Foundation

/// A program that is run to its end, without a thread that waits for it.
public enum Command {
  public struct Failure: Error, CustomStringConvertible {
    let command: String
    let status: Int32
    let output: String

    public var description: String { "\(command) ended with status \(status):\n\(output)" }
  }

  /// Runs a program.
  ///
  /// - Parameters:
  ///   - environment: All of its environment; nil for that of the tests.
  ///   - input: What it finds at its standard input.
  /// - Returns: What it wrote, to its standard output and its standard error.
  /// - Throws: `Failure` if its status is not 0.
  @discardableResult
  public static func run(
    _ program: String, _ arguments: [String], environment: [String: String]? = nil, input: String = ""
  ) async throws -> String {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = [program] + arguments
    process.currentDirectoryURL = URL(fileURLWithPath: "/")
    if let environment { process.environment = environment }
    // Files and not pipes: a pipe that nobody empties stops the program, and one that a daemon inherits never ends.
    let (standardInput, output) = try (TemporaryFile(), TemporaryFile())
    standardInput.write(input)
    process.standardInput = standardInput.handle
    process.standardOutput = output.handle
    process.standardError = output.handle
    try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
      process.terminationHandler = { _ in continuation.resume() }
      do { try process.run() } catch { continuation.resume(throwing: error) }
    }
    guard process.terminationStatus == 0 else {
      throw Failure(
        command: ([program] + arguments).joined(separator: " "), status: process.terminationStatus,
        output: output.contents)
    }
    return output.contents
  }

  /// A file without a name, gone when it is closed.
  private final class TemporaryFile {
    let handle: FileHandle
    private let file: UnsafeMutablePointer<FILE>

    init() throws {
      guard let file = tmpfile() else { throw CocoaError(.fileWriteUnknown) }
      self.file = file
      handle = FileHandle(fileDescriptor: fileno(file), closeOnDealloc: false)
    }

    deinit { fclose(file) }

    func write(_ text: String) {
      handle.write(Data(text.utf8))
      handle.seek(toFileOffset: 0)
    }

    var contents: String {
      handle.seek(toFileOffset: 0)
      return String(decoding: handle.readDataToEndOfFile(), as: UTF8.self)
    }
  }
}
