import LabCore

/// Numbers by the names of metrics, in the order in which they were set.
///
/// A number that could not be computed, such as the loss of weights that are not finite, is NaN; what was not measured is
/// absent. Two of them are equal where they have the same numbers by the same names, in whatever order; unlike elsewhere, NaN
/// is the same number as NaN, so that what is read back equals what was stored.
public struct Metrics: Sendable {
  /// The names, each once.
  public private(set) var names: [MetricName] = []
  private var values: [Double] = []

  /// Creates empty metrics.
  public init() {}

  /// The number of metrics.
  public var count: Int { names.count }

  /// Whether there is none.
  public var isEmpty: Bool { names.isEmpty }

  /// The number of a name; nil where it is absent.
  public subscript(name: MetricName) -> Double? {
    get { names.firstIndex(of: name).map { values[$0] } }
    set {
      switch (names.firstIndex(of: name), newValue) {
      case (let index?, let value?): values[index] = value
      case (let index?, nil):
        names.remove(at: index)
        values.remove(at: index)
      case (nil, let value?): append(value, as: name)
      case (nil, nil): break
      }
    }
  }

  /// Adds a number of a name that is not there yet, without looking for it.
  package mutating func append(_ value: Double, as name: MetricName) {
    names.append(name)
    values.append(value)
  }

  /// Takes over all numbers of others; equal names get the others' numbers.
  public mutating func merge(_ others: Metrics) { for (name, value) in others { self[name] = value } }

  /// All numbers of both; equal names get those of the second.
  public static func + (first: Metrics, second: Metrics) -> Metrics {
    var both = first
    both.merge(second)
    return both
  }

  /// The metrics of one split, with its name before theirs.
  public func only(split: String) -> Metrics {
    var metrics = Metrics()
    for (name, value) in self where name.split == split { metrics.append(value, as: name) }
    return metrics
  }

  /// These metrics as those of a split: `accuracy` becomes `test_accuracy`.
  public func named(of split: String) -> Metrics {
    var named = self
    named.names = names.map { MetricName($0.key, of: split) }
    return named
  }
}

extension Metrics {
  /// The numbers in JSON as users read it: null for what is not finite.
  public var json: JSONValue {
    .object(Dictionary(map { ($0.name.key, $0.value.isFinite ? .number($0.value) : .null) }) { first, _ in first })
  }
}

extension Metrics: Sequence {
  public func makeIterator() -> AnyIterator<(name: MetricName, value: Double)> {
    var index = 0
    return AnyIterator {
      guard index < names.count else { return nil }
      defer { index += 1 }
      return (names[index], values[index])
    }
  }

  /// The metrics in the order of their names.
  public var sortedByName: [(name: MetricName, value: Double)] { sorted { $0.name.key < $1.name.key } }
}

extension Metrics: ExpressibleByDictionaryLiteral {
  /// Creates metrics; of equal names the last one holds.
  public init(dictionaryLiteral elements: (MetricName, Double)...) {
    for (name, value) in elements { self[name] = value }
  }
}

extension Metrics: Hashable {
  public static func == (a: Metrics, b: Metrics) -> Bool {
    a.count == b.count
      && a.allSatisfy { name, value in b[name].map { $0 == value || ($0.isNaN && value.isNaN) } ?? false }
  }

  public func hash(into hasher: inout Hasher) { hasher.combine(Set(names)) }
}

/// One member a metric; a number that is not finite is null, or the text `inf` or `-inf`.
extension Metrics: Codable {
  private struct MemberKey: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }

    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: MemberKey.self)
    for key in container.allKeys {
      let name = MetricName(key.stringValue)
      if try container.decodeNil(forKey: key) {
        self[name] = .nan
      } else if let text = try? container.decode(String.self, forKey: key) {
        guard let value = ["inf": Double.infinity, "-inf": -.infinity, "nan": .nan][text] else {
          throw DecodingError.dataCorruptedError(
            forKey: key, in: container, debugDescription: "\"\(text)\" is no number")
        }
        self[name] = value
      } else {
        self[name] = try container.decode(Double.self, forKey: key)
      }
    }
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: MemberKey.self)
    for (name, value) in self {
      let key = MemberKey(stringValue: name.key)
      if value.isFinite {
        try container.encode(value, forKey: key)
      } else if value.isNaN {
        try container.encodeNil(forKey: key)
      } else {
        try container.encode(value > 0 ? "inf" : "-inf", forKey: key)
      }
    }
  }
}
