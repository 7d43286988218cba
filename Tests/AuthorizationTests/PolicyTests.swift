import Domain
import FoundationEssentials
import Testing

@testable import Authorization

@Suite("Who may do what")
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
    ("Search Job by ID", "View all jobs, View standards, View assets"),
    ("Search Job by Name", "View all jobs, View standards, View assets"),
    ("Get Latest Job Runs", "View all jobs, View standards, View assets"),
    (
      "Delete Job",
      "View standards, Manage jobs, Collect data, Evaluate standards, View evaluation results"
    ),
  ]

  private func principal(tasks: Set<Permission>, folders: Set<FolderRoot>) -> Principal {
    Principal(userID: UUID(), userName: "ann", tasks: tasks, folders: Set(folders.map(\.id)))
  }

  @Test("The table of policies is the documents' table")
  func table() throws {
    #expect(Set(Operation.allCases.map(\.rawValue)) == Set(Self.documented.map(\.operation)))
    #expect(Policy.table.count == Operation.allCases.count)
    for (name, tasks) in Self.documented {
      let operation = try #require(Operation(rawValue: name))
      let policy = try #require(Policy.table[operation])
      #expect(policy.tasks.map(\.rawValue).joined(separator: ", ") == tasks)
      #expect(policy.folders.map(\.rawValue) == ["Asset System", "Standards"])
    }
  }

  @Test("Exactly what an operation needs is enough", arguments: Operation.allCases)
  func exactly(operation: Operation) throws {
    let policy = try #require(Policy.table[operation])
    let principal = principal(tasks: Set(policy.tasks), folders: Set(policy.folders))
    #expect(Policy.lack(of: principal, for: operation) == nil)
  }

  @Test("Without one of the tasks that one is lacking, whatever else there is", arguments: Operation.allCases)
  func withoutOneTask(operation: Operation) throws {
    let policy = try #require(Policy.table[operation])
    for task in policy.tasks {
      let principal = principal(
        tasks: Set(Permission.allCases).subtracting([task]), folders: Set(FolderRoot.allCases))
      #expect(Policy.lack(of: principal, for: operation) == .task(task))
    }
  }

  @Test("Without one of the folders that one is lacking", arguments: Operation.allCases)
  func withoutOneFolder(operation: Operation) throws {
    let policy = try #require(Policy.table[operation])
    for folder in policy.folders {
      let principal = principal(
        tasks: Set(Permission.allCases), folders: Set(FolderRoot.allCases).subtracting([folder]))
      #expect(Policy.lack(of: principal, for: operation) == .folder(folder))
    }
  }

  @Test(
    "A grant on a sub-folder lets in where items are looked at one by one, and nowhere else",
    arguments: Operation.allCases)
  func subFolder(operation: Operation) throws {
    let policy = try #require(Policy.table[operation])
    let principal = Principal(
      userID: UUID(), userName: "ann", tasks: Set(Permission.allCases), folders: [UUID(), UUID()],
      trees: Set(FolderRoot.allCases.map(\.id)))
    let lack = Policy.lack(of: principal, for: operation)
    #expect(lack == (policy.reach == .anywhere ? nil : .folder(.assetSystem)))
  }

  @Test("Tasks that an operation does not need do not help", arguments: Operation.allCases)
  func othersOnly(operation: Operation) throws {
    let policy = try #require(Policy.table[operation])
    let others = Set(Permission.allCases).subtracting(policy.tasks)
    let principal = principal(tasks: others, folders: Set(FolderRoot.allCases))
    #expect(Policy.lack(of: principal, for: operation) == .task(policy.tasks[0]))
  }

  @Test("Whoever has nothing may do nothing", arguments: Operation.allCases)
  func nobody(operation: Operation) {
    #expect(Policy.lack(of: principal(tasks: [], folders: []), for: operation) != nil)
  }
}
