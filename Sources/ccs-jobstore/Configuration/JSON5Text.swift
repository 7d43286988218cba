import FoundationEssentials

/// Decodes JSON5, and finds the line of a syntax error, which the decoder does not report.
///
/// A text is valid up to a line if closing all open brackets after that line makes it decode.
enum JSON5Text {
  /// - Throws: What `JSONDecoder` throws.
  static func decode(_ text: String) throws -> JSONValue {
    let decoder = JSONDecoder()
    decoder.allowsJSON5 = true
    return try decoder.decode(JSONValue.self, from: Data(text.utf8))
  }

  /// The line, from 1, of the first syntax error; `nil` if only the end is missing.
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

  /// Whether a text becomes valid by closing it, or by a value, or by a colon and a value before that.
  private static func isCompletable(_ beginning: Substring, outline: JSON5Outline) -> Bool {
    let commentEnd = outline.place == .blockComment ? "*/" : "\n"
    return ["", "null", ":null"].contains { due in
      (try? decode(beginning + commentEnd + due + outline.closing)) != nil
    }
  }
}
