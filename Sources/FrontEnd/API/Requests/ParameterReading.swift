import Authorization
import HTTPServer

extension Request {
  /// The parameters of the query, parsed with each call.
  var parameters: Parameters { Parameters(target.query) }
}

// Typed parameters. A problem names the parameter that is wrong.
extension Parameters {
  func text(_ name: String) throws(Problem) -> String? {
    do throws(Mistake) {
      return try self(name)
    } catch {
      throw Problem(
        400, "\(name) is invalid: it \(error == .repeated ? "is given more than once" : "is malformed").")
    }
  }

  /// Rejects unknown parameters: their sender expects an effect.
  func refuseOthers(than known: [String], of operation: Operation) throws(Problem) {
    guard let name = firstName(otherThan: known) else { return }
    let shown = name.count > 64 ? name.prefix(64) + "…" : name
    throw Problem(
      400, "Unknown parameter \(shown) for \(operation.title), which has \(known.joined(separator: ", ")).")
  }

  func boolean(_ name: String) throws(Problem) -> Bool? {
    guard let text = try text(name) else { return nil }
    guard let value = Bool(parameter: text) else {
      throw Problem(400, "\(name) is invalid: expected True or False.")
    }
    return value
  }

  /// An integer, in digits only.
  func integer(_ name: String, _ range: ClosedRange<Int>) throws(Problem) -> Int? {
    guard let text = try text(name)?.trimmed else { return nil }
    guard let value = Int(text), range.contains(value), text.utf8.allSatisfy({ (48...57).contains($0) })
    else {
      throw Problem(
        400, "\(name) is invalid: expected an integer from \(range.lowerBound) to \(range.upperBound).")
    }
    return value
  }
}
