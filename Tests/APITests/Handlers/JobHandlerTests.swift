import Authorization
import Domain
import FoundationEssentials
import HTTPServer
import Testing

@testable import API
@testable import Authorization

/// The handlers decode a request before anything else.
@Suite("What the job handlers make of a request")
struct JobHandlerTests {
  private static let id = "754F7C7E-884A-4420-AF72-1FED35D3EFC1"
  private static let other = "a282d163-2248-4904-8135-0eaf08be8e55"

  private func withHandlers(_ body: (JobHandlers, RunHandlers) async -> Void) async {
    await withRefusingGates { gates in
      await body(
        JobHandlers(
          gate: gates.jobs, maximumJobs: 3, definitionLimits: .init(assets: 1, standards: 1)),
        RunHandlers(gate: gates.runs))
    }
  }

  private func request(_ query: String, _ headers: [(String, String)] = []) -> Request {
    Request(
      id: UUID(), method: "GET", target: Target(Array("/Jobs?\(query)".utf8)), headers: Headers(headers),
      body: Array("\r".utf8), peer: "")
  }

  @Test(
    "Delete Job takes what clients send",
    arguments: [
      "jobid=\(id)", "JobID=\(id)&DeleteJob=False", "jobid=\(id)&%20DeleteJob=true", "/jobid={\(id)}",
      "jobid=\(other),\(id)", "jobid=%20\(id)%20,%20\(other)%20", "jobid=\(id)&deletejob=%20TRUE&_=17&",
      "(jobid=\(id))&DeleteJob=False", "?jobid=\(id)&?(/DeleteJob=False)",
      "jobid=\(id),\(other),\(id.lowercased())",
    ])
  func deletion(query: String) async {
    await withHandlers { jobs, runs in
      #expect(await outcome(jobs.delete, request(query)) == "decoded")
    }
  }

  @Test(
    "Delete Job says what is wrong with its parameters",
    arguments: [
      ("", "JobID is invalid."), ("jobid", "JobID is invalid."), ("jobid=", "JobID is invalid."),
      ("jobid=%20", "JobID is invalid."), ("jobid=x", "JobID is invalid."), ("id=\(id)", "JobID is invalid."),
      ("jobid=\(id)&JobID=\(id)", "JobID is invalid."), ("jobid=\(id),", "JobID is invalid."),
      ("jobid=,\(id)", "JobID is invalid."), ("jobid=\(id);\(other)", "JobID is invalid."),
      ("jobid=\(id)%00", "JobID is invalid."), ("jobid=%ff", "JobID is invalid."),
      ("jobid=\(id)'--", "JobID is invalid."),
      (
        "jobid=\(id),\(other),\(id),\(other)",
        "JobID is invalid: at most 3 jobs can be deleted at once."
      ),
      ("jobid=\(id)&DeleteJob=", "DeleteJob is invalid: expected True or False."),
      ("jobid=\(id)&DeleteJob=1", "DeleteJob is invalid: expected True or False."),
      ("jobid=\(id)&DeleteJob=yes", "DeleteJob is invalid: expected True or False."),
      ("jobid=\(id)&DeleteJob=True&deletejob=True", "DeleteJob is invalid: it is given more than once."),
      ("jobid=\(id)&DeleteJob=%zz", "DeleteJob is invalid: it is malformed."),
      (
        "jobid=\(id)&DeleteJobs=False",
        "Unknown parameter DeleteJobs for Delete Job, which has jobid, DeleteJob."
      ),
      ("jobid=\(id)&=1&x&DeleteJob=False", "Unknown parameter x for Delete Job, which has jobid, DeleteJob."),
    ])
  func badDeletion(query: String, detail: String) async {
    await withHandlers { jobs, runs in
      #expect(await outcome(jobs.delete, request(query)) == "400 \(detail)")
    }
  }

  @Test(
    "Delete Job takes If-Match for one job",
    arguments: [
      ("jobid=\(id)", "\"3\"", "decoded"), ("jobid=\(id)", "*", "decoded"),
      ("jobid=\(id),\(other)", "*", "decoded"),
      (
        "jobid=\(id),\(other)", "\"3\"", "400 If-Match is for one job: an ETag says nothing about others."
      ),
      (
        "jobid=\(id)", "3",
        "400 If-Match is malformed: expected one or more ETags in quotation marks, separated by commas, or *."
      ),
    ])
  func conditionalDeletion(query: String, condition: String, expected: String) async {
    await withHandlers { jobs, runs in
      let request = request(query, [("If-Match", condition)])
      #expect(await outcome(jobs.delete, request) == expected)
    }
  }

  @Test("Delete Job takes If-None-Match: * for one job, and no tag in it")
  func conditionalAbsence() async {
    await withHandlers { jobs, _ in
      for (query, condition, expected) in [
        ("jobid=\(Self.id)", "*", "decoded"),
        ("jobid=\(Self.id),\(Self.other)", "*", "400 If-None-Match is for one job."),
        (
          "jobid=\(Self.id)", "\"3\"",
          "400 If-None-Match is invalid: only * is supported where a job is changed."
        ),
      ] {
        #expect(
          await outcome(jobs.delete, request(query, [("If-None-Match", condition)])) == expected)
      }
    }
  }

  @Test("Search Job by ID wants a GUID in the path")
  func byID() async {
    await withHandlers { jobs, runs in
      for text in [Self.id, "{\(Self.id)}", Self.id.replacing("-", with: "")] {
        #expect(await outcome(jobs.byID, request(""), [text]) == "decoded")
      }
      for text in ["x", "\(Self.id)x", "jobruns"] {
        #expect(
          await outcome(jobs.byID, request(""), [text]) == "400 JobID is invalid.")
      }
    }
  }

  @Test("Get Latest Job Runs wants a count from 0 and a Boolean")
  func latestRuns() async {
    await withHandlers { jobs, runs in
      for query in ["", "count=0", "count=%2017&showmessages=TRUE", "Count=1000000&ShowMessages=false"] {
        #expect(
          await outcome(runs.latest, request(query), [Self.id]) == "decoded")
      }
      let wrong = "400 count is invalid: expected an integer from 0, where 0 means all runs."
      for (query, expected) in [
        ("count=", wrong), ("count=-1", wrong), ("count=x", wrong), ("count=1.5", wrong),
        ("count=1e3", wrong),
        ("count=99999999999999999999", wrong),
        ("count=1&count=1", "400 count is invalid: it is given more than once."),
        ("showmessages=maybe", "400 showmessages is invalid: expected True or False."),
      ] {
        #expect(
          await outcome(runs.latest, request(query), [Self.id]) == expected)
      }
    }
  }

  @Test("What was deleted is told in a sentence and job by job")
  func message() throws {
    func text(_ runs: [Int], removed: Bool) throws -> String {
      struct Body: Decodable {
        struct Entry: Decodable {
          enum CodingKeys: String, CodingKey {
            case id = "JobID"
            case name = "JobName"
            case removed = "Removed"
            case runs = "RunsDeleted"
          }
          let id: String
          let name: String
          let removed: Bool
          let runs: Int
        }
        enum CodingKeys: String, CodingKey {
          case message = "Message"
          case jobs = "Jobs"
        }
        let message: String
        let jobs: [Entry]
      }
      let deletions = runs.map {
        JobDeletion(
          jobID: UUID(), outcome: .done, userName: "me", jobName: "a \"job\"", runs: $0, rowsLeft: false,
          rowsErased: 0)
      }
      let body = try JSONDecoder().decode(
        Body.self, from: Data(DeletionJSON.message(deletions, removed: removed).bytes))
      #expect(body.jobs.map(\.runs) == runs)
      #expect(body.jobs.map(\.id) == deletions.map(\.jobID.guidString))
      #expect(body.jobs.allSatisfy { $0.removed == removed && $0.name == "a \"job\"" })
      return body.message
    }
    #expect(try text([1], removed: true) == "The job \"a \"job\"\" and 1 run were deleted.")
    #expect(try text([0], removed: true) == "The job \"a \"job\"\" and 0 runs were deleted.")
    #expect(try text([2, 3], removed: true) == "2 jobs and 5 runs were deleted.")
    #expect(
      try text([2], removed: false)
        == "2 runs of the job \"a \"job\"\" were deleted. The job definition was kept.")
    #expect(
      try text([1], removed: false)
        == "1 run of the job \"a \"job\"\" was deleted. The job definition was kept.")
    #expect(
      try text([0, 1], removed: false) == "1 run of 2 jobs was deleted. The job definition was kept.")
    #expect(
      try text([1, 1], removed: false) == "2 runs of 2 jobs were deleted. The job definition was kept.")
  }
}
