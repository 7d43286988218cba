import Domain
import FoundationEssentials
import Testing

@testable import Authorization

@Suite("The table of policies")
struct PolicyTests {
  /// The documents' table "Who may call what", with the tasks in the order of its six; then the collectors'.
  /// Every operation needs both folders.
  private static let documented: [(operation: String, tasks: String)] = [
    (
      "Create Job",
      "View standards, View assets, Manage jobs, Collect data, Evaluate standards, View evaluation results"
    ),
    (
      "Update Job",
      "View standards, View assets, Manage jobs, Collect data, Evaluate standards, View evaluation results"
    ),
    (
      "Job Operation",
      "View standards, View assets, View all jobs, View evaluation results, Manage jobs, Collect data, Evaluate standards"
    ),
    ("Search Jobs", "View all jobs, View standards, View assets"),
    ("Search Standards", "View standards"),
    ("Search Assets", "View assets"),
    ("Get Evaluation Results", "View evaluation results, View standards, View assets"),
    ("Claim Job Runs", "Report job runs"),
    ("Report Job Run", "Report job runs"),
    ("Search Audit Trail", "View audit trail"),
    ("Search Job by ID", "View all jobs, View standards, View assets"),
    ("Search Job by Name", "View all jobs, View standards, View assets"),
    ("Get Latest Job Runs", "View all jobs, View standards, View assets"),
    (
      "Delete Job",
      "View standards, Manage jobs, Collect data, Evaluate standards, View evaluation results"
    ),
  ]

  @Test("It is the documents' table, and all else is for anybody")
  func table() throws {
    let restricted = Operation.allCases.filter(\.policy.needsToken)
    #expect(Set(restricted.map(\.grantTitle)) == Set(Self.documented.map(\.operation)))
    for operation in restricted {
      let tasks = try #require(Self.documented.first { $0.operation == operation.grantTitle }).tasks
      #expect(operation.policy.tasks.map(\.rawValue).joined(separator: ", ") == tasks)
      #expect(operation.policy.folders.map(\.rawValue) == ["Asset System", "Standards"])
    }
    for operation in Operation.allCases where !operation.policy.needsToken {
      #expect(operation.policy == .anybody)
    }
  }

  @Test(
    "A refusal names what is missing; an unknown word is an error, not a permission",
    arguments: Operation.allCases)
  func refusal(operation: Operation) {
    let name = operation.grantTitle
    #expect(
      operation.refusal(missing: "Manage jobs") == .forbidden("\(name) needs the task \"Manage jobs\"."))
    for (folder, title) in [
      (FolderRoot.assetSystem, "Asset System"), (.standards, "Standards"),
    ] {
      let missing = folder.id.uuidString.lowercased()
      #expect(
        operation.refusal(missing: missing) == .forbidden("\(name) needs access to the folder \"\(title)\"."))
    }
    for word in ["", "manage jobs", UUID().uuidString] {
      guard case .failed = operation.refusal(missing: word) else {
        Issue.record("\(word)")
        continue
      }
    }
  }
}
