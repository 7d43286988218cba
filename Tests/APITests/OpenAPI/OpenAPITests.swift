import Authorization
import Domain
import FoundationEssentials
import Testing

@testable import API

@Suite("The OpenAPI document")
struct OpenAPITests {
  /// A JSON value, as far as the document needs to be looked through.
  private indirect enum JSON: Decodable {
    case object([String: JSON])
    case array([JSON])
    case text(String)
    case other

    init(from decoder: any Decoder) throws {
      let container = try decoder.singleValueContainer()
      if let object = try? container.decode([String: JSON].self) {
        self = .object(object)
      } else if let array = try? container.decode([JSON].self) {
        self = .array(array)
      } else if let text = try? container.decode(String.self) {
        self = .text(text)
      } else {
        self = .other
      }
    }

    subscript(_ name: String) -> JSON? {
      if case .object(let members) = self { members[name] } else { nil }
    }

    var members: [String: JSON] { if case .object(let members) = self { members } else { [:] } }
    var elements: [JSON] { if case .array(let elements) = self { elements } else { [] } }
    var text: String? { if case .text(let text) = self { text } else { nil } }

    /// This value and all within it.
    var all: [JSON] { [self] + (members.values + elements).flatMap(\.all) }
  }

  private let document: JSON

  init() throws {
    document = try JSONDecoder().decode(JSON.self, from: Data(OpenAPIDocument.bytes))
  }

  /// What a reference within the document stands for.
  private func resolved(_ value: JSON?) throws -> JSON {
    var value = try #require(value)
    while let reference = value["$ref"]?.text {
      var target: JSON? = document
      for part in reference.dropFirst(2).split(separator: "/") { target = target?[String(part)] }
      value = try #require(target, "\(reference)")
    }
    return value
  }

  private var operations: [(name: String, operation: JSON)] {
    document["paths"]?.members.flatMap { path, item in
      ["get", "post", "delete", "patch"].compactMap { method in
        item[method].map { ("\(method.uppercased()) \(path)", $0) }
      }
    } ?? []
  }

  @Test("It is small enough to be sent to anybody who asks")
  func size() {
    #expect(OpenAPIDocument.bytes.count < 500_000)
    #expect(operations.count >= 10)
  }

  @Test("Each operation that has a policy names every task and every folder of it, and no other")
  func policies() throws {
    var found: Set<Operation> = []
    for (name, operation) in operations {
      let known = try #require(operation["operationId"]?.text.flatMap(Operation.init))
      let policy = known.policy
      guard policy.needsToken else { continue }
      let description = operation["description"]?.text ?? ""
      for task in Permission.allCases {
        #expect(
          description.contains(task.rawValue) == policy.tasks.contains(task), "\(name): \(task.rawValue)")
      }
      for folder in FolderRoot.allCases {
        #expect(description.contains(folder.rawValue) == policy.folders.contains(folder), "\(name)")
      }
      found.insert(known)
    }
    // Search Job by Name is Search Jobs with another parameter.
    #expect(found == Set(Operation.allCases.filter(\.policy.needsToken)).subtracting([.searchJobByName]))
  }

  @Test("Every reference leads somewhere")
  func references() throws {
    let references = document.all.filter { $0["$ref"]?.text != nil }
    #expect(!references.isEmpty)
    for reference in references { _ = try resolved(reference) }
  }

  @Test("Every answer with a body has a schema and an example, and every answer names X-Request-ID")
  func answers() throws {
    for (name, operation) in operations {
      let answers = operation["responses"]?.members ?? [:]
      #expect(answers.keys.contains { $0.hasPrefix("2") }, "\(name)")
      for (status, answer) in answers {
        let answer = try resolved(answer)
        let place = "\(name) \(status)"
        #expect(answer["headers"]?["X-Request-ID"] != nil, "\(place)")
        for (_, content) in answer["content"]?.members ?? [:] {
          #expect(content["schema"] != nil, "\(place)")
          #expect(content["example"] != nil || content["examples"]?.members.isEmpty == false, "\(place)")
        }
        if status == "204" { #expect(answer["content"] == nil, "\(place)") }
        if status == "401" { #expect(answer["headers"]?["WWW-Authenticate"] != nil, "\(place)") }
        if status == "429" || status == "503" {
          #expect(answer["headers"]?["Retry-After"] != nil, "\(place)")
        }
      }
    }
  }

  @Test("An example of a problem is one that the service would send")
  func problems() throws {
    let examples = document.all.filter { $0["type"]?.text == "about:blank" }
    #expect(examples.count >= 10)
    for example in examples {
      #expect(
        Set(example.members.keys).subtracting(["errors", "outcome"]) == [
          "type", "title", "status", "detail", "requestId",
        ])
      for error in example["errors"]?.elements ?? [] {
        #expect(Set(error.members.keys) == ["pointer", "detail"])
      }
      #expect(UUID(uuidString: example["requestId"]?.text ?? "") != nil)
    }
  }
}
