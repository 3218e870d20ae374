import LabCore
import LabRecords

/// What a spec says of somebody's program: the section `program`, resolved.
public struct ProgramSpec: Sendable, Codable, Hashable {
  /// What is said of a metric that the program reports.
  public struct MetricDeclaration: Sendable, Codable, Hashable {
    /// Which values are better.
    public var better: Metric.Direction
    /// `%` for a share, which is shown in percent, and printed in percent where a pattern finds it.
    public var unit: String?
    /// The tag under which TensorBoard's files have it; nil for the one that its name follows from.
    public var tag: String?
  }

  /// The program with its arguments, in which names in braces have a meaning.
  public var command: [String]
  /// Files that are part of the identity: what the program is made of.
  public var sources: [String]
  /// Files that are part of the identity: what it reads.
  public var inputs: [String]
  /// The metrics that every run must end with.
  public var metrics: [String: MetricDeclaration]
  /// How lines look that the program prints with metrics, such as `test acc: {test_accuracy}`.
  public var patterns: [String]
  /// The number of the first epoch in what the program reports: 1, or 0.
  public var firstEpoch: Int
  /// How long a run may take; nil for as long as it likes.
  public var timeoutMinutes: Double?
  /// How long a program that is asked to stop has for it.
  public var graceSeconds: Double
  /// The devices, of which each worker has one; empty where none are named.
  public var devices: [String]

  enum CodingKeys: String, CodingKey {
    case command, sources, inputs, metrics, devices
    case patterns = "pattern"
    case firstEpoch = "first_epoch"
    case timeoutMinutes = "timeout_minutes"
    case graceSeconds = "grace_seconds"
  }

  /// The program of a configuration; nil where labrun's own engine trains.
  public init?(_ configuration: JSONValue) {
    guard let section = configuration["program"], let program: ProgramSpec = try? section.decode() else { return nil }
    self = program
  }

  public init(from decoder: any Decoder) throws {
    let section = try decoder.container(keyedBy: CodingKeys.self)
    command = try section.decode([String].self, forKey: .command)
    sources = try section.decodeIfPresent([String].self, forKey: .sources) ?? []
    inputs = try section.decodeIfPresent([String].self, forKey: .inputs) ?? []
    metrics = try section.decodeIfPresent([String: MetricDeclaration].self, forKey: .metrics) ?? [:]
    // One pattern needs no list.
    if let one = try? section.decode(String.self, forKey: .patterns) {
      patterns = [one]
    } else {
      patterns = try section.decodeIfPresent([String].self, forKey: .patterns) ?? []
    }
    firstEpoch = try section.decodeIfPresent(Int.self, forKey: .firstEpoch) ?? 1
    timeoutMinutes = try section.decodeIfPresent(Double.self, forKey: .timeoutMinutes)
    graceSeconds = try section.decodeIfPresent(Double.self, forKey: .graceSeconds) ?? 30
    devices = try section.decodeIfPresent([String].self, forKey: .devices) ?? []
  }
}

extension StudySchema {
  /// The schema of a spec: this one, or that of the program which the spec names.
  func schema(of root: SourceValue) -> StudySchema {
    guard root["program"] != nil else { return self }
    return StudySchema(
      sections: [
        Section(
          "program", "Somebody's program, which trains the runs.",
          kind: .object(Self.programSection(metricNames: root["program"]?["metrics"]?.members?.map(\.key) ?? [])),
          default: nil),
        Section("parameters", "What the program is told, by name: the defaults of all runs.", parameterSection(root)),
      ], execution: execution, designs: designs)
  }

  /// Whether it is that of somebody's program.
  var isOfProgram: Bool { sections.first?.name == "program" }

  /// The keys of a metric that a spec declares.
  static let metricDeclaration = ConfigurationSchema([
    .init(
      "better", .choice(["higher", "lower", "neutral"]), default: nil, isResultRelevant: false,
      "Which values of the metric are better."),
    .init(
      "unit", .optional(.choice(["%"])), default: .null, isResultRelevant: false,
      "% for a share: it is reported from 0 to 1, shown in percent, and where a pattern finds it, it is printed in percent."
    ),
    .init(
      "tag", .optional(.string), default: .null, isResultRelevant: false,
      "The tag of the metric in TensorBoard's event files; null for the one that its name follows from."),
  ])

  /// The keys of `program`.
  ///
  /// - Parameter metricNames: the metrics that the spec declares.
  static func programSection(metricNames: [String]) -> ConfigurationSchema {
    var known: Set<String> = []
    let metrics = metricNames.filter { known.insert($0).inserted }.map { name in
      ConfigurationSchema.Field(
        name, .object(metricDeclaration), default: nil, isResultRelevant: false, "What is said of the metric \(name).")
    }
    return ConfigurationSchema([
      .init(
        "command", .array(.string), default: nil,
        "The program with its arguments: {args} stands for --name value of every parameter that has no other place in it, "
          + "{hydra} for name=value, {json} for the path of a JSON file of all of them, {name} for the value of one, {seed} for the seed."
      ),
      .init(
        "sources", .array(.string), default: [], isResultRelevant: false,
        "Files that the program is made of, such as train.py or models/**/*.py; what they contain is part of a run's identity."
      ),
      .init(
        "inputs", .array(.string), default: [], isResultRelevant: false,
        "Files that the program reads; what they contain is part of a run's identity."),
      .init(
        "metrics", .object(ConfigurationSchema(metrics)), default: [:], isResultRelevant: false,
        "The metrics that every run must end with, and which values of them are better."),
      .init(
        "pattern", .either([.string, .array(.string)]), default: [],
        "How lines look that the program prints with metrics, such as \"test acc: {test_accuracy}\"."),
      .init(
        "first_epoch", .integer(0...1), default: 1, isResultRelevant: false,
        "The number that the program gives its first epoch: 1, or 0 where it counts so."),
      .init(
        "timeout_minutes", .optional(.number(.positive)), default: .null, isResultRelevant: false,
        "How long an attempt at a run may take in minutes; null for as long as it likes."),
      .init(
        "grace_seconds", .number(.init(0, 86_400)), default: 30, isResultRelevant: false,
        "How long a program that is asked to stop has for it in seconds."),
      .init(
        "devices", .array(.string), default: [], isResultRelevant: false,
        "The devices, of which each worker has one, such as cuda:0; CUDA_VISIBLE_DEVICES says which."),
    ])
  }

  /// The parameters that a spec has: those of the section, and those that only factors name.
  private func parameterSection(_ root: SourceValue) -> ConfigurationSchema {
    var fields = Self.fields(root["parameters"]?.members ?? [])
    let section = ConfigurationSchema(fields)
    let known = StudySchema(sections: [Section("parameters", "", section)])
    for factor in root["factors"]?.members ?? [] {
      guard known.keys(matching: factor.key).isEmpty, !factor.key.contains("."),
        let first = factor.value.elements?.first, first.members == nil
      else { continue }
      fields.append(
        .init(factor.key, Self.kind(of: first), default: first.json, "The parameter \(factor.key)."))
    }
    return ConfigurationSchema(fields)
  }

  private static func fields(_ members: [SourceValue.Member]) -> [ConfigurationSchema.Field] {
    var known: Set<String> = []
    return members.filter { known.insert($0.key).inserted }.map { member in
      .init(
        member.key, kind(of: member.value), default: member.value.json, "The parameter \(member.key).")
    }
  }

  /// What a parameter takes, as its default tells.
  private static func kind(of value: SourceValue) -> ConfigurationSchema.Kind {
    switch value.content {
    case .boolean: .boolean
    case .integer: .integer(Int.min...Int.max)
    case .number: .number(.init())
    case .string: .string
    case .null: .optional(.either([.boolean, .number(.init()), .string]))
    case .array(let elements): .array(elements.first.map(kind) ?? .either([.boolean, .number(.init()), .string]))
    case .object(let members): .object(ConfigurationSchema(fields(members)))
    }
  }
}
