import Authorization
import Domain
import FoundationEssentials
import HTTPServer
import Testing

@testable import API
@testable import Authorization

@Suite("What the search handlers make of a request")
struct SearchHandlerTests {
  private static let guid = "754f7c7e-884a-4420-af72-1fed35d3efc1"

  private func withHandlers(
    _ body: (JobHandlers, InventoryHandlers, ResultHandlers) async -> Void
  ) async {
    await withRefusingGates { gates in
      await body(
        JobHandlers(
          gate: gates.jobs, maximumJobs: 1, definitionLimits: .init(assets: 1, standards: 1)),
        InventoryHandlers(gate: gates.inventory), ResultHandlers(gate: gates.results))
    }
  }

  private func request(_ query: String, body: String = "") -> Request {
    Request(
      id: UUID(), method: "GET", target: Target(Array("/Jobs?\(query)".utf8)), headers: Headers(),
      body: Array(body.utf8), peer: "")
  }

  @Test("Search Job by Name wants a name, once, and nothing else to search by")
  func byName() async {
    await withHandlers { jobs, inventory, _ in
      for query in [
        "jobname=x", "/JobName=x%20y", "jobname=%27%3B--", "jobname=%C3%BC", "jobname=x&page=y",
        "(jobname=x)",
      ] {
        #expect(await outcome(jobs.search, request(query)) == "decoded")
      }
      let missing = "400 jobname is missing: expected the name of the job."
      for (query, expected) in [
        ("jobname=", missing), ("jobname=%20+", missing),
        ("jobname=x&jobname=y", "400 jobname is invalid: it is given more than once."),
        ("jobname=%ff", "400 jobname is invalid: it is malformed."),
        (
          "jobname=x&%20attributes=()",
          "400 jobname and Attributes exclude each other: a job is searched for by one of them."
        ),
      ] {
        #expect(await outcome(jobs.search, request(query)) == expected)
      }
    }
  }

  @Test(
    "Searches take what clients send",
    arguments: [
      "", "Attributes=", "attributes=()&page=0&pagesize=1000", "/Attributes=displayName%20StartsWith%20red",
      "%20PAGE=%2017%20&PageSize=1&exactcount=TRUE", "_=17&&=x", "(Attributes=())&page=0", "page=1000000000",
    ])
  func searches(query: String) async {
    await withHandlers { jobs, inventory, _ in
      #expect(await outcome(jobs.search, request(query)) == "decoded")
      for place in ["", "&ContainerPath=", "&containerpath=%5CA%5CB&SearchSubtree=false"] {
        let request = request(query + place)
        #expect(await outcome(inventory.assets, request) == "decoded")
        #expect(await outcome(inventory.standards, request) == "decoded")
      }
    }
  }

  @Test(
    "Searches say what is wrong with their parameters",
    arguments: [
      (
        "Attributes=x",
        "400 Attributes cannot be understood at character 1: found “x”, expected an attribute"
      ),
      ("Attributes=()&attributes=()", "400 Attributes is invalid: it is given more than once."),
      ("Attributes=%ff", "400 Attributes is invalid: it is malformed."),
      ("page=-1", "400 page is invalid: expected an integer from 0 to 1000000000."),
      ("page=1000000001", "400 page is invalid"), ("page=", "400 page is invalid"),
      ("page=%2B1", "400 page is invalid"), ("page=1.0", "400 page is invalid"),
      ("page=1&Page=1", "400 page is invalid: it is given more than once."),
      ("pagesize=0", "400 pagesize is invalid: expected an integer from 1 to 1000."),
      ("pagesize=1001", "400 pagesize is invalid"), ("pagesize=x", "400 pagesize is invalid"),
      ("exactcount=maybe", "400 exactcount is invalid: expected True or False."),
      ("cursor=", "400 cursor is invalid: expected the NextCursor of an answer to the same search."),
      ("cursor=AAAA", "400 cursor is invalid"), ("cursor=%F0%9F%97%9D", "400 cursor is invalid"),
      ("page=0&other=x", "400 Unknown parameter other for Search "),
      ("cursor2=x&page=x", "400 Unknown parameter cursor2 for Search "),
      (
        "cursor=x&page=0", "400 page and cursor exclude each other: a cursor says where its page begins."
      ),
    ])
  func badSearches(query: String, expected: String) async {
    await withHandlers { jobs, inventory, _ in
      for handler in [jobs.search, inventory.assets, inventory.standards] as [Route.Handler] {
        let found = await outcome(handler, request(query))
        #expect(found.hasPrefix(expected), "\(found)")
      }
    }
  }

  @Test("A container path has names")
  func containers() async {
    await withHandlers { jobs, inventory, _ in
      for path in ["%5C", "/", "a//b", "a%5C%5Cb", "a/b//"] {
        let found = await outcome(inventory.assets, request("ContainerPath=\(path)"))
        #expect(found.hasPrefix("400 ContainerPath is invalid"), "\(path)")
      }
      let found = await outcome(inventory.standards, request("searchsubtree=2"))
      #expect(found.hasPrefix("400 Searchsubtree is invalid: expected True or False."))
    }
  }

  @Test("A request for results is read with its keys in any case")
  func results() async {
    await withHandlers { _, _, results in
      for body in [
        #"{"assetid": "\#(Self.guid)", "standardid": "\#(Self.guid)"}"#,
        #"{"AssetID": "{\#(Self.guid)}", "StandardId": "\#(Self.guid)", "CheckIDList": []}"#,
        """
        {"assetid": "\(Self.guid)", "standardid": "\(Self.guid)", "jobrunid": null,
         "standardVersion": "2.1", "checkidlist": ["a", "b"]}
        """,
        #"{"assetid": "\#(Self.guid)", "standardid": "\#(Self.guid)", "jobrunid": "", "standardversion": ""}"#,
      ] {
        #expect(await outcome(results.results, request("", body: body)) == "decoded")
      }
    }
  }

  @Test(
    "All that is wrong with a request for results is named at once",
    arguments: [
      ("", "400 1 field is wrong. The body is not JSON: a value is expected, at byte 0. "),
      ("{", "400 1 field is wrong. The body is not JSON: a name in quotation marks is expected, at byte 1. "),
      ("[]", "400 1 field is wrong. The body must be an object. "),
      (
        "{}", "400 2 fields are wrong. /assetid is required. /assetid /standardid"
      ),
      (
        """
        {"assetid": 1, "STANDARDID": "x", "jobrunid": " ", "standardversion": 2, "checkidlist": ["a", 1, ""],
         "chekidlist": []}
        """,
        """
        400 7 fields are wrong. /assetid must be a GUID. /assetid /standardid /jobrunid /standardversion \
        /checkidlist/1 /checkidlist/2 /chekidlist
        """
      ),
    ])
  func badResults(body: String, expected: String) async {
    await withHandlers { _, _, results in
      #expect(await outcome(results.results, request("", body: body)) == expected)
    }
  }
}
