import Authorization
import HTTPServer

// Parameters as the handlers read them: what is wrong with one is a problem that names it.
extension Parameters {
  func text(_ name: String) throws(Problem) -> String? {
    do throws(Mistake) {
      return try self(name)
    } catch {
      throw Problem(
        400, "\(name) is invalid: it \(error == .repeated ? "stands more than once" : "is malformed").")
    }
  }

  /// Refuses parameters that an operation does not have: they mean something to whoever sent them.
  func refuseOthers(than known: [String], of operation: Operation) throws(Problem) {
    guard let name = firstName(otherThan: known) else { return }
    let shown = name.count > 64 ? name.prefix(64) + "…" : name
    throw Problem(
      400, "\(shown) is no parameter of \(operation.title), which has \(known.joined(separator: ", ")).")
  }

  func boolean(_ name: String) throws(Problem) -> Bool? {
    guard let text = try text(name) else { return nil }
    guard let value = Bool(parameter: text) else {
      throw Problem(400, "\(name) is invalid: True or False is wanted.")
    }
    return value
  }

  /// A whole number in digits.
  func integer(_ name: String, _ range: ClosedRange<Int>) throws(Problem) -> Int? {
    guard let text = try text(name)?.trimmed else { return nil }
    guard let value = Int(text), range.contains(value), text.utf8.allSatisfy({ (48...57).contains($0) })
    else {
      throw Problem(
        400, "\(name) is invalid: a whole number \(range.lowerBound)...\(range.upperBound) is wanted.")
    }
    return value
  }
}
