/// Writes the Prometheus text format 0.0.4. It knows none of our metrics.
///
/// Source: https://prometheus.io/docs/instrumenting/exposition_formats/
struct Exposition {
  /// A metric's type, as the format names it.
  enum Kind: String {
    case counter, gauge, histogram
  }

  private(set) var text = ""

  /// Begins a metric; its samples must follow at once. `help` is one line without a backslash.
  mutating func begin(_ name: String, _ kind: Kind, _ help: String) {
    text += "# HELP \(name) \(help)\n# TYPE \(name) \(kind.rawValue)\n"
  }

  /// Writes one sample of the metric begun last.
  mutating func sample(
    _ name: String, _ labels: KeyValuePairs<String, String>, _ value: some SampleValue
  ) {
    text += name
    var separator = "{"
    for (label, content) in labels {
      text += "\(separator)\(label)=\"\(Self.escaped(content))\""
      separator = ","
    }
    text += labels.isEmpty ? " \(value.exposed)\n" : "} \(value.exposed)\n"
  }

  /// Writes a metric that is a single sample without labels.
  mutating func single(_ name: String, _ kind: Kind, _ help: String, _ value: some SampleValue) {
    begin(name, kind, help)
    sample(name, [:], value)
  }

  /// A label's value with backslash, quote and line feed escaped, and nothing else.
  private static func escaped(_ content: String) -> String {
    var result = ""
    for scalar in content.unicodeScalars {
      switch scalar {
      case "\\": result += #"\\"#
      case "\"": result += #"\""#
      case "\n": result += #"\n"#
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }
}

/// A number that can be a sample.
protocol SampleValue {
  /// The number as Go's ParseFloat reads it.
  var exposed: String { get }
}

extension Int: SampleValue {
  var exposed: String { description }
}

extension Double: SampleValue {
  /// Infinity and NaN are spelt as the format demands.
  var exposed: String {
    if isNaN { return "NaN" }
    if isInfinite { return self > 0 ? "+Inf" : "-Inf" }
    return description
  }
}
