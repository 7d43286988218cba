import FoundationEssentials

extension Condition {
  /// Parses the `Attributes` of a search.
  ///
  /// ```
  /// attributes = space, [ list | "(", space, [ list ], ")" ], space ;
  /// list       = condition, { ",", space, condition } ;
  /// condition  = text, space, text op, space, value, space
  ///            | time, space, time op, space, value, space
  ///            | id, space, ( "=" | "!=" ), space, value, space ;
  /// text       = "displayName" | (* jobs: *) "JobName" | "JobCategory" | "JobType" | "LastRunStatus"
  ///            | (* assets: *) "AssetName" | "AssetType" | (* standards: *) "StandardName" | "StandardVersion" ;
  /// time       = (* jobs: *) "JobCreationTime" | "JobModifiedTime" | "LastRunDate" ;
  /// id         = (* jobs: *) "JobID" | (* assets: *) "AssetID" | (* standards: *) "StandardID" ;
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
  /// Words are case-insensitive and end at the first character that is not a letter or digit; `displayName` is another
  /// name of `JobName`, `AssetName` and `StandardName`. White space at the end of an unquoted value is not part of it.
  /// After `=` and `!=` on text an unescaped `*`, in quotes or not, matches any text; elsewhere it is an ordinary
  /// character.
  ///
  /// Values are validated: a time is what ``OffsetDate`` reads, an identifier what .NET's `Guid` accepts as D, N or B.
  /// After `=` and `!=`, without a wildcard, `JobCategory` and `LastRunStatus` take only their own words; a `JobType`
  /// that is not one of the three user types is that of a system job: a name of letters, digits, spaces and `-_.`. Known
  /// words are returned in their documented spelling.
  ///
  /// - Parameter attributes: At most 2,000 Unicode code points with at most 20 conditions.
  /// - Returns: The conditions, joined by "and"; none for a text of white space only or for `()`.
  /// - Throws: ``AttributesError`` with the first place that cannot be understood.
  public static func parse(_ attributes: String) throws(AttributesError) -> [Self] {
    var parser = try AttributesParser<Attribute>(attributes)
    return try parser.attributes()
  }
}

/// One method for each rule of the grammar; it has no recursion.
private struct AttributesParser<Attribute: SearchAttribute> {
  private static var lengthLimit: Int { 2000 }
  private static var conditionLimit: Int { 20 }

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

  mutating func attributes() throws(AttributesError) -> [Condition<Attribute>] {
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

  private mutating func ended(_ conditions: [Condition<Attribute>]) throws(AttributesError) -> [Condition<
    Attribute
  >] {
    scanner.skipSpace()
    guard scanner.isAtEnd else { throw scanner.failure(expected: "the end of the text") }
    return conditions
  }

  private mutating func list() throws(AttributesError) -> [Condition<Attribute>] {
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

  private mutating func condition() throws(AttributesError) -> Condition<Attribute> {
    let start = scanner.position
    guard let attribute = Self.attribute(named: scanner.word()) else {
      throw scanner.failure(
        from: start, expected: "an attribute: " + Attribute.allCases.map(\.rawValue).joined(separator: ", "))
    }
    scanner.skipSpace()
    let condition: Condition<Attribute> =
      switch attribute.kind {
      case .text(let words): try textCondition(attribute, words)
      case .time: try timeCondition(attribute)
      case .identifier: try identifierCondition(attribute)
      }
    scanner.skipSpace()
    return condition
  }

  private static func attribute(named name: String) -> Attribute? {
    let name = name.lowercased()
    if name == "displayname" { return Attribute.displayName }
    return Attribute.allCases.first { $0.rawValue.lowercased() == name }
  }

  private mutating func textCondition(
    _ attribute: Attribute, _ words: AttributeWords
  ) throws(AttributesError) -> Condition<Attribute> {
    let textOperator: TextOperator = try operatorSign()
    let start = scanner.position
    let isComparison = textOperator == .equals || textOperator == .notEquals
    var pattern = try scanner.value(wildcards: isComparison, isInParentheses: isInParentheses)
    if isComparison, let text = pattern.exactText {
      guard let word = words.documentedSpelling(of: text) else {
        throw scanner.failure(from: start, expected: words.expected)
      }
      pattern = TextPattern([.literal(word)])
    }
    return .text(attribute, textOperator, pattern)
  }

  private mutating func timeCondition(
    _ attribute: Attribute
  ) throws(AttributesError) -> Condition<Attribute> {
    let comparison: Comparison = try operatorSign()
    let start = scanner.position
    let value = try scanner.value(wildcards: false, isInParentheses: isInParentheses)
    guard let text = value.exactText, let moment = OffsetDate(text) else {
      throw scanner.failure(
        from: start, expected: "a time such as 2019-01-05, 2019-01-05T04:10:27Z or 2019-01-05T04:10:27-08:00")
    }
    return .time(attribute, comparison, moment.date)
  }

  private mutating func identifierCondition(
    _ attribute: Attribute
  ) throws(AttributesError) -> Condition<Attribute> {
    let equality: Equality = try operatorSign()
    let start = scanner.position
    let value = try scanner.value(wildcards: false, isInParentheses: isInParentheses)
    guard let text = value.exactText, let identifier = UUID(guid: text) else {
      throw scanner.failure(from: start, expected: "a GUID such as 6f9619ff-8b86-d011-b42d-00c04fc964ff")
    }
    return .identifier(attribute, equality, identifier)
  }

  /// An operator of the attribute's kind, and the white space after it.
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
