import Domain
import FoundationEssentials

/// Jobs of a directory file.
extension ImportFile {
  static func job(_ node: JSONNode, _ pointer: JSONPointer, _ problems: ProblemList) -> Job? {
    ObjectReader.read(node, at: pointer, problems) { job in
      let id = job.guid("ID", required: true)
      let name = job.text("Name", required: true, NameRules.rule(brokenBy:))
      let description = job.text("Description")
      let isSystem = job.boolean("System") ?? false
      let createdBy = job.text("CreatedBy", required: !isSystem, NameRules.rule(brokenByUser:))
      if isSystem, createdBy != nil {
        problems.note(pointer / "CreatedBy", rule: "must not stand with System: nobody created a system job")
      }
      let type = job.text("Type", required: true) { type in
        isSystem || Domain.Job.userTypes.contains(type)
          ? NameRules.rule(brokenBy: type)
          : "must be one of \(Domain.Job.userTypes.joined(separator: ", ")), unless the job has System: true"
      }
      let createdAt = job.time("CreationTime")
      let details = job.node("Configuration").flatMap { node in
        jobDetails(node, pointer / "Configuration", problems, name: name, description: description)
      }
      guard let id, let name, let type, isSystem || createdBy != nil else { return nil }
      return Job(
        pointer: pointer, id: id, name: name, description: description, type: type,
        createdBy: isSystem ? nil : createdBy, createdAt: createdAt, details: details)
    }
  }

  /// `JobDetails`, but for the name and the description, which the job itself has.
  private static func jobDetails(
    _ node: JSONNode, _ pointer: JSONPointer, _ problems: ProblemList, name: String?, description: String?
  ) -> Details? {
    ObjectReader.read(node, at: pointer, problems) { object in
      _ = object.node("AssetsResolutionInfo", required: true)
      let assets = object.list("AssetsResolutionInfo") { node, pointer in
        ObjectReader.read(node, at: pointer, problems) { asset in
          _ = asset.text("Type", required: true)
          return asset.guid("Id", required: true)
        }
      }
      _ = object.node("Standards", required: true)
      let standards = object.list("Standards") { node, pointer in
        let id = ObjectReader.guid(node)
        if id == nil { problems.note(pointer, rule: "must be a GUID") }
        return id
      }
      let schedule = object.node("Schedule").flatMap { jobSchedule($0, pointer / "Schedule", problems) }
      readOptions(object)
      guard case .object(var members) = node, let assets, let standards else { return nil }
      members["JobName"] = name.map { .text($0) }
      members["JobDescription"] = description.map { .text($0) }
      guard let json = JSONNode.object(members).json else {
        problems.note(pointer, rule: JSONNode.storableRule)
        return nil
      }
      return Details(json: json, assets: assets, standards: standards, schedule: schedule)
    }
  }

  private static func readOptions(_ object: ObjectReader) {
    _ = object.boolean("IsIncremental")
    for key in ["IncrementalPeriod", "CollectionOnlyTimeOutHours", "CollectionOnlyTimeOutMins"] {
      _ = object.integer(key, 0...Int(Int32.max))
    }
    for (flag, key) in [
      ("ShouldSendSuccessNotification", "SuccessNotification"),
      ("ShouldSendFailureNotification", "FailureNotification"),
    ] {
      _ = object.boolean(flag)
      guard let node = object.node(key) else { continue }
      _ = ObjectReader.read(node, at: object.pointer / key, object.problems) { notification in
        for key in ["FromEmailAddress", "ToEmailAddress", "Subject", "Body"] { _ = notification.text(key) }
        return true
      }
    }
  }

  static let scheduleKeys = [
    "RunNow", "RunOnce", "RunPeriodically", "StartDate", "RunEveryNDays", "RepeatDays", "RepeatMinutes",
    "RecurrenceType", "WeeklyDay", "WeeklyRecurEvery", "MonthlyDay", "MonthlyIsByOrdinalDay",
    "MonthlyOrdinalDay", "MonthlyDayOfTheWeek", "MonthlyRecurEvery", "EndJobRunConfigured",
    "EndJobRunTimeInterval", "SubScheduleRepeatDays", "SubScheduleRepeatPeriodDays",
  ]

  private static func jobSchedule(
    _ node: JSONNode, _ pointer: JSONPointer, _ problems: ProblemList
  ) -> Schedule? {
    guard let json = node.json else {
      problems.note(pointer, rule: JSONNode.storableRule)
      return nil
    }
    // The schedule's own decoder passes over what it does not know, as clients may send more than it needs.
    _ = ObjectReader.read(node, at: pointer, problems) { schedule in
      for key in scheduleKeys { _ = schedule.node(key) }
      return true
    }
    do {
      return try JSONDecoder().decode(Schedule.self, from: Data(json.utf8))
    } catch let error as Schedule.Invalid {
      for violation in error.violations where !violation.pointer.isEmpty {
        problems.note(pointer.appending(violation.pointer), rule: violation.rule)
      }
    } catch {
      problems.note(pointer, rule: "must be a schedule")
    }
    return nil
  }
}
