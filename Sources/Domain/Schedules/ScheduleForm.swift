import JSON

/// The JSON form of a schedule: fields of the right type, not yet looked at together.
struct ScheduleForm {
  /// The fields in the order of the documentation.
  enum Field: String, CaseIterable {
    case runNow = "RunNow"
    case runOnce = "RunOnce"
    case runPeriodically = "RunPeriodically"
    case startDate = "StartDate"
    case runEveryNDays = "RunEveryNDays"
    case repeatDays = "RepeatDays"
    case repeatMinutes = "RepeatMinutes"
    case recurrenceType = "RecurrenceType"
    case weeklyDay = "WeeklyDay"
    case weeklyRecurEvery = "WeeklyRecurEvery"
    case monthlyDay = "MonthlyDay"
    case monthlyIsByOrdinalDay = "MonthlyIsByOrdinalDay"
    case monthlyOrdinalDay = "MonthlyOrdinalDay"
    case monthlyDayOfTheWeek = "MonthlyDayOfTheWeek"
    case monthlyRecurEvery = "MonthlyRecurEvery"
    case endJobRunConfigured = "EndJobRunConfigured"
    case endJobRunTimeInterval = "EndJobRunTimeInterval"
    case subScheduleRepeatDays = "SubScheduleRepeatDays"
    case subScheduleRepeatPeriodDays = "SubScheduleRepeatPeriodDays"
  }

  /// What a field may hold.
  enum Shape {
    case boolean
    case integer
    /// An integer that has names too; the first name is that of `first`.
    case named([String], first: Int)
    case date
    case interval
  }

  var booleans: [Field: Bool] = [:]
  var integers: [Field: Int] = [:]
  var startDate: OffsetDate?
  /// Seconds, 0…3,599,999.
  var timeInterval: Int?
  /// Times and time spans that are texts but cannot be read: an error only where a switch requires them. Clients send
  /// what their languages have for no time, such as .NET's `DateTime.MinValue` in an offset.
  private(set) var unreadable: Set<Field> = []
  /// Fields that are present with a value of another type, and the rule they break.
  private(set) var misshapen: [Field: String] = [:]
}

extension ScheduleForm.Field {
  private static let weekdays = [
    "Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday",
  ]

  var shape: ScheduleForm.Shape {
    switch self {
    case .runNow, .runOnce, .runPeriodically, .runEveryNDays, .monthlyIsByOrdinalDay, .endJobRunConfigured:
      .boolean
    case .recurrenceType: .named(["None", "Weekly", "Monthly"], first: 0)
    case .weeklyDay, .monthlyDayOfTheWeek: .named(Self.weekdays, first: 0)
    case .monthlyOrdinalDay: .named(["First", "Second", "Third", "Fourth", "Last"], first: 1)
    case .startDate: .date
    case .endJobRunTimeInterval: .interval
    default: .integer
    }
  }
}

extension ScheduleForm.Shape {
  var rule: String {
    switch self {
    case .boolean: "must be true or false"
    case .integer: "must be a whole number"
    case .named(let names, let first):
      "must be a number \(first)…\(first + names.count - 1) or one of " + names.joined(separator: ", ")
    case .date: "must be an ISO 8601 time such as 2019-01-05T04:10:27-08:00"
    case .interval: "must be a time span hh:mm:ss of at least one second"
    }
  }
}

// MARK: - Reading

extension ScheduleForm {
  /// Reads an object, with names in their documented case.
  init(_ node: JSONNode) throws(Schedule.Invalid) {
    guard case .object(let members) = node else {
      throw Schedule.Invalid(violations: [.init(pointer: "", rule: "must be an object")])
    }
    var fields: [Field: JSONNode] = [:]
    for field in Field.allCases { fields[field] = members[field.rawValue] }
    self.init(fields)
  }

  /// Reads every field there is; `null`, and an empty string in place of a time, count as no field.
  init(_ fields: [Field: JSONNode]) {
    for (field, value) in fields where value != .null {
      if !read(field, value) { misshapen[field] = field.shape.rule }
    }
  }

  /// - Returns: Whether the field has its shape.
  private mutating func read(_ field: Field, _ value: JSONNode) -> Bool {
    switch (field.shape, value) {
    case (.boolean, .boolean(let boolean)):
      booleans[field] = boolean
    case (.boolean, .text(let text)):
      booleans[field] = Self.boolean(text)
    case (.integer, .integer(let integer)), (.named, .integer(let integer)):
      integers[field] = integer
    case (.integer, .text(let text)):
      integers[field] = Int(text)
    case (.named(let names, let first), .text(let text)):
      integers[field] = Self.number(of: text, among: names, first: first) ?? Int(text)
    case (.date, .text(let text)):
      startDate = OffsetDate(text)
      if startDate == nil, !text.isEmpty { unreadable.insert(field) }
      return true
    case (.interval, .text(let text)):
      timeInterval = Self.seconds(text)
      if timeInterval == nil, !text.isEmpty { unreadable.insert(field) }
      return true
    default:
      return false
    }
    return booleans[field] != nil || integers[field] != nil
  }

  private static func boolean(_ text: String) -> Bool? {
    switch text.lowercased() {
    case "true": true
    case "false": false
    default: nil
    }
  }

  private static func number(of name: String, among names: [String], first: Int) -> Int? {
    names.firstIndex { $0.lowercased() == name.lowercased() }.map { $0 + first }
  }

  /// `hh:mm:ss`, one to three digits for the hours.
  private static func seconds(_ text: String) -> Int? {
    let parts = text.utf8.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
    guard parts.count == 3, (1...3).contains(parts[0].count), parts[1].count == 2, parts[2].count == 2,
      parts.joined().allSatisfy((UInt8(ascii: "0")...UInt8(ascii: "9")).contains)
    else { return nil }
    let numbers = parts.map { $0.reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) } }
    let seconds = numbers[0] * 3600 + numbers[1] * 60 + numbers[2]
    return numbers[1] < 60 && numbers[2] < 60 ? seconds : nil
  }
}

// MARK: - Writing

extension ScheduleForm {
  /// The fields with their documented names: Booleans and numbers as such, times and time spans in one form.
  var canonical: JSONNode {
    var members: [String: JSONNode] = [:]
    for (field, value) in booleans { members[field.rawValue] = .boolean(value) }
    for (field, value) in integers { members[field.rawValue] = .integer(value) }
    members[Field.startDate.rawValue] = startDate.map { .text($0.description) }
    members[Field.endJobRunTimeInterval.rawValue] = timeInterval.map { .text(Self.text(ofSeconds: $0)) }
    return .object(members)
  }

  private static func text(ofSeconds seconds: Int) -> String {
    [seconds / 3600, seconds / 60 % 60, seconds % 60]
      .map { $0 < 10 ? "0\($0)" : "\($0)" }
      .joined(separator: ":")
  }
}
