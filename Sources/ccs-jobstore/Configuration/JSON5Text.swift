import JSON

/// Decodes JSON5, and finds the line of a syntax error, which the decoder does not report.
///
/// A text is valid up to a line if closing all open brackets after that line makes it decode.
enum JSON5Text {
  /// - Throws: If the text is not JSON5, or has a value that cannot be represented.
  static func decode(_ text: String) throws -> JSONValue {
    try JSONValue(JSONNode(json5: text))
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
