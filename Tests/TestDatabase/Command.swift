import Foundation
import Glibc

/// Runs a program to its end.
enum Command {
  struct Failure: Error, CustomStringConvertible {
    let command: String
    let status: Int32
    let output: String

    var description: String { "\(command) ended with status \(status):\n\(output)" }
  }

  /// Runs a program.
  ///
  /// - Parameters:
  ///   - command: The program and its arguments.
  ///   - environment: nil for that of the tests.
  ///   - input: Its standard input.
  /// - Returns: Its standard output and standard error.
  /// - Throws: `Failure` if its status is not 0.
  @discardableResult
  static func run(
    _ command: [String], environment: [String: String]? = nil, input: String = ""
  ) async throws -> String {
    // Files, not pipes: a full pipe blocks the program, and one that a daemon inherits never ends.
    let (standardInput, output) = try (TemporaryFile(), TemporaryFile())
    standardInput.write(input)
    let child = try Child(
      command, environment: environment, input: standardInput.descriptor, output: output.descriptor)
    let status = await child.end()
    guard status == 0 else {
      throw Failure(command: command.joined(separator: " "), status: status, output: output.contents)
    }
    return output.contents
  }

  /// A file without a name, removed when it is closed.
  private final class TemporaryFile {
    let descriptor: Int32
    private let file: UnsafeMutablePointer<FILE>

    init() throws {
      guard let file = tmpfile() else { throw CocoaError(.fileWriteUnknown) }
      self.file = file
      descriptor = fileno(file)
    }

    deinit { fclose(file) }

    func write(_ text: String) {
      fputs(text, file)
      rewind(file)
    }

    var contents: String {
      rewind(file)
      let handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: false)
      return String(decoding: handle.readDataToEndOfFile(), as: UTF8.self)
    }
  }
}
