// The words that stand for something in the values of Search Jobs, as opposed to names that users choose.
extension TextAttribute {
  /// Words that a value is checked against; empty where there is no such list.
  private var words: [String] {
    switch self {
    case .jobName: []
    case .jobCategory: ["System", "UserDefined"]
    case .jobType: ["CollectionEvaluationJob", "CollectionJob", "EvaluationJob"]
    case .lastRunStatus: ["Queued", "Running", "Completed", "Failed", "Aborted"]
    }
  }

  /// A value in its documented spelling, whatever case it has.
  ///
  /// - Returns: the text as it is where nothing is known about it: a job's name, the type of a system job.
  ///   `nil` if the attribute never has this value.
  func documentedSpelling(of text: String) -> String? {
    let lowercased = text.lowercased()
    if let word = words.first(where: { $0.lowercased() == lowercased }) { return word }
    switch self {
    case .jobName: return text
    case .jobType: return Self.isTypeName(text) ? text : nil
    case .jobCategory, .lastRunStatus: return nil
    }
  }

  /// What is right in place of a value that has no ``documentedSpelling(of:)``.
  var expectedWords: String {
    let list = words.joined(separator: ", ")
    return self == .jobType ? "\(list) or the type of a system job" : "one of \(list)"
  }

  private static func isTypeName(_ text: String) -> Bool {
    !text.isEmpty
      && text.unicodeScalars.allSatisfy {
        $0.properties.isAlphabetic || $0.properties.numericType != nil || " -_.".unicodeScalars.contains($0)
      }
  }
}
