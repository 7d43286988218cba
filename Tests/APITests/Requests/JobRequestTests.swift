import Domain
import FoundationEssentials
import JSON
import Testing

@testable import API

@Suite("The bodies of requests about jobs")
struct JobRequestTests {
  private static let asset = "754f7c7e-884a-4420-af72-1fed35d3efc1"
  private static let details = """
    {"AssetsResolutionInfo":[{"Id":"\(asset)","Type":"unix"}],"JobName":"n","Standards":["\(asset)"]}
    """

  @Test("A body of Create Job is read as a whole, with all that is wrong in it")
  func definition() throws {
    func read(_ json: String) throws -> (JobDefinition?, [String]) {
      let problems = JSONProblems()
      let definition = JobDefinition.read(try JSONNode(json: Array(json.utf8)), problems, limits: .none)
      return (definition, problems.all.listed.map { "\($0.pointer) \($0.sentence)" })
    }
    let types = "must be one of CollectionEvaluationJob, CollectionJob, EvaluationJob"
    let right = try read(#"{"jobtype":"COLLECTIONJOB","jobdetails":\#(Self.details)}"#)
    #expect(right.0?.type == "CollectionJob")
    #expect(right.0?.name == "n")
    #expect(right.1 == [])
    #expect(try read("[]").1 == [" must be an object"])
    #expect(try read("{}").1 == ["/JobDetails is required", "/JobType is required"])
    #expect(
      try read(#"{"JobDetails":{"JobName":"","Standards":[1]},"JobType":"ReportJob","x":1}"#).1 == [
        "/JobDetails/AssetsResolutionInfo is required", "/JobDetails/JobName must have 1...256 characters",
        "/JobDetails/Standards/0 must be a GUID", "/JobType \(types)",
        "/x is unknown; the keys there are JobDetails, JobType",
      ])
  }

  @Test("A body of Update Job names the job")
  func update() throws {
    func read(_ json: String) throws -> (JobUpdate?, [String]) {
      let problems = JSONProblems()
      let update = JobUpdate.read(try JSONNode(json: Array(json.utf8)), problems, limits: .none)
      return (update, problems.all.listed.map { "\($0.pointer) \($0.sentence)" })
    }
    let right = try read(#"{"JobDetails":{"jobname":"x"},"jobid":"{\#(Self.asset.uppercased())}"}"#)
    #expect(right.0?.jobID.guidString == Self.asset)
    #expect(right.0?.details.name == "x")
    #expect(try read("{}").1 == ["/JobDetails is required", "/JobID is required"])
    #expect(
      try read(#"{"JobDetails":{"JobName":null},"JobID":"x"}"#).1
        == ["/JobDetails/JobName is required", "/JobID must be a GUID"])
    #expect(try read(#"{"JobDetails":{},"JobID":"\#(Self.asset)","JobType":"CollectionJob"}"#).0 == nil)
  }

  @Test("A body of Job Operation has one word")
  func command() throws {
    func read(_ json: String) throws -> (JobCommand?, [String]) {
      let problems = JSONProblems()
      let command = JobCommand.read(try JSONNode(json: Array(json.utf8)), problems)
      return (command, problems.all.listed.map { "\($0.pointer) \($0.sentence)" })
    }
    #expect(try read(#"{"Operation":"execute"}"#).0 == .execute)
    #expect(try read(#"{"operation":"ABORT"}"#).0 == .abort)
    for body in [#"{"Operation":"run"}"#, #"{"Operation":""}"#, #"{"Operation":1}"#] {
      #expect(try read(body).1 == ["/Operation must be execute or abort"])
    }
    #expect(try read("{}").1 == ["/Operation is required"])
    #expect(try read(#"{"Operation":"abort","x":1}"#).0 == nil)
  }
}
