import FoundationEssentials
import Glibc

/// The configuration file, decoded; its keys are not checked yet.
struct ConfigurationFile {
  let members: [String: JSONValue]
  /// Keys that occur twice in one object, with the line of the second.
  let repeatedKeys: [(path: String, line: Int)]
  /// The folder of the file, for relative paths: empty, or with a slash at its end.
  let folder: String

  init(path: String) throws(ConfigurationError.Problem) {
    let text = try Self.text(of: path)
    members = try Self.members(in: text, path: path)
    repeatedKeys = JSON5Outline(text).repeatedKeys
    folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? ""
  }

  private static func text(of path: String) throws(ConfigurationError.Problem) -> String {
    let data: Data
    do {
      data = try Data(contentsOf: URL(filePath: path))
    } catch {
      throw ConfigurationError.Problem(
        subject: .file(path), fault: "cannot be read (\(reason(of: error)))",
        remedy: "it must be a file that the service's user may read")
    }
    guard let text = String(validating: data, as: UTF8.self) else {
      throw ConfigurationError.Problem(
        subject: .file(path), fault: "is not UTF-8", remedy: "it must be a JSON5 text in UTF-8")
    }
    return text
  }

  private static func reason(of error: any Error) -> String {
    guard let error = (error as? CocoaError)?.underlying as? POSIXError else { return "\(error)" }
    return String(cString: strerror(error.code.rawValue))
  }

  private static func members(
    in text: String, path: String
  ) throws(ConfigurationError.Problem) -> [String: JSONValue] {
    let value: JSONValue
    do {
      value = try JSON5Text.decode(text)
    } catch {
      let place =
        JSON5Text.lineOfMistake(in: text).map { "at line \($0)" } ?? "at its end: something is unclosed"
      throw ConfigurationError.Problem(
        subject: .file(path), fault: "is not valid JSON5 \(place)",
        remedy: "it must be one JSON5 object, such as { listen: { port: 12431 } }")
    }
    guard case .object(let members) = value else {
      throw ConfigurationError.Problem(
        subject: .file(path), fault: "is not an object",
        remedy: "it must be one JSON5 object, such as { listen: { port: 12431 } }")
    }
    return members
  }
}
