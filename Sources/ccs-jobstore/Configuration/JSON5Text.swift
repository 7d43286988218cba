import FoundationEssentials

/// Decodes JSON5, and finds the line of a mistake.
///
/// The decoder says only that a text is wrong, not where. So the line is found with the decoder as the judge:
/// a text is right up to a line if closing all open brackets after that line makes it valid.
enum JSON5Text {
  /// - Throws: what `JSONDecoder` throws.
  static func decode(_ text: String) throws -> JSONValue {
    let decoder = JSONDecoder()
    decoder.allowsJSON5 = true
    return try decoder.decode(JSONValue.self, from: Data(text.utf8))
  }

  /// The line, counted from 1, at which a text that does not decode stops being valid.
  /// - Returns: `nil` if every line is right so far, and only the end is missing.
  static func lineOfMistake(in text: String) -> Int? {
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    for (index, line) in lines.enumerated() {
      let beginning = text[..<line.endIndex]
      let outline = JSON5Outline(beginning)
      switch outline.place {
      case .string where line.hasSuffix("\\"):
        continue
      case .string:
        return index + 1
      case .between, .lineComment, .blockComment:
        if !isCompletable(beginning, outline: outline) { return index + 1 }
      }
    }
    return nil
  }

  /// Whether some ending makes a text valid: at once, after a value that is due, or after a colon and a value.
  private static func isCompletable(_ beginning: Substring, outline: JSON5Outline) -> Bool {
    let commentEnd = outline.place == .blockComment ? "*/" : "\n"
    return ["", "null", ":null"].contains { due in
      (try? decode(beginning + commentEnd + due + outline.closing)) != nil
    }
  }
}
