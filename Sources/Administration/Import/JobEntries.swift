import Domain
import JSON

/// Jobs of a directory file.
extension ImportFile {
  static func job(
    _ node: JSONNode, _ pointer: JSONPointer, _ problems: JSONProblems, _ limits: JobDetails.Limits
  ) -> Job? {
    ObjectReader.read(node, at: pointer, problems) { job in
      let id = job.guid("ID", required: true)
      let name = job.text("Name", required: true, nameRule)
      let description = job.text("Description")
      let isSystem = job.boolean("System") ?? false
      let createdBy = job.text("CreatedBy", required: !isSystem, userRule)
      if isSystem, createdBy != nil {
        problems.note(
          pointer / "CreatedBy", rule: "must not be given with System: a system job has no creator")
      }
      let type = job.text("Type", required: true) { type in
        isSystem || Domain.Job.userTypes.contains(type)
          ? nameRule(type)
          : "must be one of \(Domain.Job.userTypes.joined(separator: ", ")), unless the job has System: true"
      }
      let createdAt = job.time("CreationTime")
      let details = job.node("Configuration").flatMap { node in
        JobDetails.read(
          node, at: pointer / "Configuration", problems,
          for: .configuration(name: name, description: description, ofUser: !isSystem), limits: limits)
      }
      if isSystem, details?.schedule?.runNow == true {
        problems.note(
          pointer / "Configuration" / "Schedule" / "RunNow",
          rule: "must not be true with System: a system job cannot be run")
      }
      guard let id, let name, let type, isSystem || createdBy != nil else { return nil }
      return Job(
        pointer: pointer, id: id, name: name, description: description, type: type,
        createdBy: isSystem ? nil : createdBy, createdAt: createdAt, details: details)
    }
  }
}
