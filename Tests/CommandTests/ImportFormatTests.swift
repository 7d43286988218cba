import Testing

@testable import Administration
@testable import JSON
@testable import ccs_jobstore

@Suite("The documentation of the directory file")
struct ImportFormatTests {
  /// The lines below a heading, without those of its subject.
  private func section(_ heading: String) -> [Substring] {
    let lines = ImportFormat.text.split(separator: "\n", omittingEmptySubsequences: false)
    return Array(lines.drop { $0 != heading }.dropFirst().prefix { $0.isEmpty || $0.hasPrefix("  ") })
  }

  @Test("Its example is right")
  func example() throws {
    let file = try ImportFile(section("EXAMPLE").joined(separator: "\n"))
    #expect(file.problems == [])
    #expect(file.jobs.count == 1 && file.runs.count == 1 && file.users.count == 1)
  }

  @Test(
    "Each section has the members that the import reads, and marks those that are required",
    arguments: ["Assets", "Standards", "Roles", "Users", "Jobs", "Runs", "GeneratedRuns"])
  func members(list: String) throws {
    let problems = try ImportFile("{ \(list): [{ unknown: 1 }] }").problems
    var known: [String] = []
    for problem in problems {
      if case .unknownKey(_, let keys) = problem.fault { known = keys }
    }
    #expect(!known.isEmpty)
    let lines = section(list.uppercased())
    for key in known {
      let isRequired = problems.contains {
        $0.pointer == "/\(list)/0/\(key)" && $0.fault == .rule("is required")
      }
      // Of a user's job, but not of a system job.
      let mark = isRequired && key != "CreatedBy" ? "*" : ""
      #expect(lines.contains { $0.hasPrefix("  \(key)\(mark) ") }, "\(key)\(mark)")
    }
  }

  @Test("It fits into 120 columns, and has no tabs")
  func width() {
    #expect(ImportFormat.text.split(separator: "\n").allSatisfy { $0.count <= 120 && !$0.contains("\t") })
  }
}
