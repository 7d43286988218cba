import JSON

/// Objects as JSON, one per line (https://jsonlines.org): what `--json` prints.
enum JSONLines {
  /// - Parameter members: Writes the members of an item's object.
  static func text<Item>(
    _ items: some Sequence<Item>, _ members: (Item, inout JSONWriter) -> Void
  ) -> String {
    var writer = JSONWriter()
    for item in items {
      writer.object { members(item, &$0) }
      writer.newline()
    }
    return String(decoding: writer.bytes, as: UTF8.self)
  }

  /// One object.
  static func line(_ members: (inout JSONWriter) -> Void) -> String {
    text(CollectionOfOne(())) { _, writer in members(&writer) }
  }
}

extension JSONWriter {
  mutating func add(_ name: StaticString, _ texts: [String]) {
    self.name(name)
    array(texts) { $0.value($1) }
  }
}

extension Terminal {
  /// Writes what a command has to say: an object with `--json`, otherwise a text.
  func write(
    _ text: String, _ arguments: Arguments, json members: (inout JSONWriter) -> Void
  ) throws(CommandFailure) {
    try write(arguments.has(Command.Option.jsonName) ? JSONLines.line(members) : text)
  }
}
