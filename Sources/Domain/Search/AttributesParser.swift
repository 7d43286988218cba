import FoundationEssentials

extension Condition {
  /// Reads the `Attributes` of Search Jobs.
  ///
  /// ```
  /// attributes = space, [ list | "(", space, [ list ], ")" ], space ;
  /// list       = condition, { ",", space, condition } ;
  /// condition  = text, space, text op, space, value, space
  ///            | time, space, time op, space, value, space
  ///            | "JobID", space, ( "=" | "!=" ), space, value, space ;
  /// text       = "JobName" | "displayName" | "JobCategory" | "JobType" | "LastRunStatus" ;
  /// time       = "JobCreationTime" | "JobModifiedTime" | "LastRunDate" ;
  /// text op    = "=" | "!=" | "Contains" | "StartsWith" | "EndsWith" ;
  /// time op    = "=" | "!=" | "<" | "<=" | ">" | ">=" ;
  /// value      = '"', { escaped | plain | "'" | "," | "(" | ")" }, '"'
  ///            | "'", { escaped | plain | '"' | "," | "(" | ")" }, "'"
  ///            | ( escaped | plain - blank ), { escaped | plain | quote } ;
  /// escaped    = "\", ( special | quote | "*" ) ;
  /// plain      = any - special - quote ;
  /// special    = "\" | "," | "(" | ")" ;
  /// quote      = '"' | "'" ;
  /// any        = (* every Unicode code point but U+0000 *) ;
  /// space      = { blank } ;
  /// blank      = (* a code point with the property White_Space *) ;
  /// ```
  ///
  /// Words have no case and end at the first character that is no letter or digit; `displayName` is another
  /// name of `JobName`. White space at the end of a value without quotes is not part of it. After `=` and `!=`
  /// on text an unescaped `*`, in quotes or not, stands for any text; everywhere else it is an ordinary
  /// character.
  ///
  /// Values are checked where they are known: a time is what ``OffsetDate`` reads, an identifier what .NET's
  /// `Guid` accepts as D, N or B. After `=` and `!=`, without a wildcard, `JobCategory` and `LastRunStatus` take
  /// their own words only; a `JobType` that is none of the three user types is one of a system job, which may
  /// be any name of letters, digits, spaces and `-_.`. Known words come out in their documented spelling.
  ///
  /// - Parameter attributes: at most 2,000 Unicode code points with at most 20 conditions.
  /// - Returns: the conditions, to be joined by "and"; none for a text of white space only or for `()`.
  /// - Throws: ``AttributesError``, with the first place that could not be understood.
  public static func parse(_ attributes: String) throws(AttributesError) -> [Condition] {
    var parser = try AttributesParser(attributes)
    return try parser.attributes()
  }
}

/// One method for each rule of the grammar; nothing nests, so neither do the calls.
private struct AttributesParser {
  private static let lengthLimit = 2000
  private static let conditionLimit = 20

  private var scanner: AttributesScanner
  private var isInParentheses = false

  init(_ text: String) throws(AttributesError) {
    guard text.unicodeScalars.prefix(Self.lengthLimit + 1).count <= Self.lengthLimit else {
      throw AttributesError(
        position: Self.lengthLimit + 1, found: "more text", expected: "at most \(Self.lengthLimit) characters"
      )
    }
    scanner = AttributesScanner(text.unicodeScalars)
  }

  mutating func attributes() throws(AttributesError) -> [Condition] {
    scanner.skipSpace()
    isInParentheses = scanner.take("(")
    scanner.skipSpace()
    if !isInParentheses {
      let conditions = scanner.isAtEnd ? [] : try list()
      guard scanner.isAtEnd else { throw scanner.failure(expected: "a comma or the end of the text") }
      return conditions
    }
    if scanner.take(")") { return try ended([]) }
    let conditions = try list()
    guard scanner.take(")") else { throw scanner.failure(expected: "a comma or a closing parenthesis") }
    return try ended(conditions)
  }

  private mutating func ended(_ conditions: [Condition]) throws(AttributesError) -> [Condition] {
    scanner.skipSpace()
    guard scanner.isAtEnd else { throw scanner.failure(expected: "the end of the text") }
    return conditions
  }

  private mutating func list() throws(AttributesError) -> [Condition] {
    var conditions = [try condition()]
    while scanner.take(",") {
      scanner.skipSpace()
      guard conditions.count < Self.conditionLimit else {
        throw scanner.failure(expected: "at most \(Self.conditionLimit) conditions")
      }
      conditions.append(try condition())
    }
    return conditions
  }

  private mutating func condition() throws(AttributesError) -> Condition {
    let start = scanner.position
    guard let attribute = Attribute(scanner.word()) else {
      throw scanner.failure(
        from: start, expected: "an attribute: " + Attribute.names.joined(separator: ", "))
    }
    scanner.skipSpace()
    let condition: Condition =
      switch attribute {
      case .text(let text): try textCondition(text)
      case .time(let time): try timeCondition(time)
      case .jobID: try jobIDCondition()
      }
    scanner.skipSpace()
    return condition
  }

  private mutating func textCondition(_ attribute: TextAttribute) throws(AttributesError) -> Condition {
    let textOperator: TextOperator = try operatorSign()
    let start = scanner.position
    let isComparison = textOperator == .equals || textOperator == .notEquals
    var pattern = try scanner.value(wildcards: isComparison, isInParentheses: isInParentheses)
    if isComparison, let text = pattern.exactText {
      guard let word = attribute.documentedSpelling(of: text) else {
        throw scanner.failure(from: start, expected: attribute.expectedWords)
      }
      pattern = TextPattern([.literal(word)])
    }
    return .text(attribute, textOperator, pattern)
  }

  private mutating func timeCondition(_ attribute: TimeAttribute) throws(AttributesError) -> Condition {
    let comparison: Comparison = try operatorSign()
    let start = scanner.position
    let value = try scanner.value(wildcards: false, isInParentheses: isInParentheses)
    guard let text = value.exactText, let moment = OffsetDate(text) else {
      throw scanner.failure(
        from: start, expected: "a time such as 2019-01-05, 2019-01-05T04:10:27Z or 2019-01-05T04:10:27-08:00")
    }
    return .time(attribute, comparison, moment.date)
  }

  private mutating func jobIDCondition() throws(AttributesError) -> Condition {
    let equality: Equality = try operatorSign()
    let start = scanner.position
    let value = try scanner.value(wildcards: false, isInParentheses: isInParentheses)
    guard let text = value.exactText, let identifier = UUID(guid: text) else {
      throw scanner.failure(from: start, expected: "a GUID such as 6f9619ff-8b86-d011-b42d-00c04fc964ff")
    }
    return .jobID(equality, identifier)
  }

  /// An operator of the kind that the attribute takes, and the white space after it.
  private mutating func operatorSign<Operator>() throws(AttributesError) -> Operator
  where Operator: CaseIterable & RawRepresentable<String> {
    let start = scanner.position
    let sign = scanner.operatorSign().lowercased()
    guard let found = Operator.allCases.first(where: { $0.rawValue.lowercased() == sign }) else {
      let signs = Operator.allCases.map(\.rawValue).joined(separator: ", ")
      throw scanner.failure(from: start, expected: "an operator: " + signs)
    }
    scanner.skipSpace()
    return found
  }
}

private enum Attribute {
  case text(TextAttribute)
  case time(TimeAttribute)
  case jobID

  init?(_ name: String) {
    let name = name.lowercased()
    if let text = TextAttribute.allCases.first(where: { $0.rawValue.lowercased() == name }) {
      self = .text(text)
    } else if let time = TimeAttribute.allCases.first(where: { $0.rawValue.lowercased() == name }) {
      self = .time(time)
    } else if name == "jobid" {
      self = .jobID
    } else if name == "displayname" {
      self = .text(.jobName)
    } else {
      return nil
    }
  }

  /// The documented names, in the order of the documentation.
  static let names = [
    "JobName", "JobID", "JobCategory", "JobType", "JobCreationTime", "JobModifiedTime", "LastRunStatus",
    "LastRunDate",
  ]
}
