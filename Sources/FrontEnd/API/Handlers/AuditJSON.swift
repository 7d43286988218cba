import Domain
import JSON

extension AuditEvent {
  /// Writes the members of the event's object; those without a value are left out.
  public func write(to json: inout JSONWriter) {
    json.add("Time", occurredAt)
    if let userID { json.add("UserID", userID) }
    json.add("User", userName)
    json.add("Operation", operation)
    if let jobID { json.add("JobID", jobID) }
    if let jobName { json.add("JobName", jobName) }
    if let requestID { json.add("RequestID", requestID) }
    if let details { json.add("Details", json: details) }
  }
}
