import LabCore

/// What a spec may say: the configuration of a run in named sections, the run-time settings, and the designs.
///
/// Studies know nothing of data sets, models or training. Whoever puts a program together hands their schemas in:
/// `StudySchema(sections: [("dataset", data), ("model", model), ("training", training)])`.
public struct StudySchema: Sendable {
  /// A named part of a run's configuration.
  public struct Section: Sendable {
    /// The key in a spec, such as `model`.
    public var name: String
    /// What the section holds, in one sentence.
    public var summary: String
    /// What it takes: an object of keys, or a variant such as one of several data sets with options of their own.
    public var kind: ConfigurationSchema.Kind
    /// The section of a spec that leaves it out; nil where it is required.
    public var defaultValue: JSONValue?

    /// Creates a section that is an object; left out, all of its keys have their defaults.
    public init(_ name: String, _ summary: String, _ schema: ConfigurationSchema) {
      self.init(name, summary, kind: .object(schema), default: [:])
    }

    /// Creates a section of any kind.
    public init(
      _ name: String, _ summary: String, kind: ConfigurationSchema.Kind, default defaultValue: JSONValue?
    ) {
      self.name = name
      self.summary = summary
      self.kind = kind
      self.defaultValue = defaultValue
    }
  }

  /// The parts of a run's configuration in the order of the documentation.
  public let sections: [Section]
  /// The settings of the key `execution`, which say how runs are executed and never what they compute.
  public let execution: ConfigurationSchema
  /// The designs that a spec can name.
  public let designs: Registry<any Design>
  /// The whole configuration of a run: an object with one key a section.
  public let configuration: ConfigurationSchema
  /// Every key that a factor can set.
  public let keys: [Key]
  /// The places of the keys in ``keys`` by the last part of their paths.
  let keyIndices: [String: [Int]]

  /// Creates a schema.
  public init(
    sections: [Section], execution: ConfigurationSchema = ConfigurationSchema([]),
    designs: Registry<any Design> = Designs.registry
  ) {
    self.sections = sections
    self.execution = execution
    self.designs = designs
    configuration = ConfigurationSchema(
      sections.map { .init($0.name, $0.kind, default: $0.defaultValue, $0.summary) })
    let keys = Key.all(in: configuration)
    self.keys = keys
    keyIndices = Dictionary(grouping: keys.indices) { keys[$0].path.keys.last ?? "" }
  }

  /// Creates a schema from sections without summaries of their own.
  public init(
    sections: [(String, ConfigurationSchema)], execution: ConfigurationSchema = ConfigurationSchema([]),
    designs: Registry<any Design> = Designs.registry
  ) {
    self.init(
      sections: sections.map { Section($0.0, "The \($0.0) of every run, before a factor changes it.", $0.1) },
      execution: execution, designs: designs)
  }

  /// What is wrong with the schema itself; empty for a sound one.
  ///
  /// Meant for tests over the real schemas.
  public func problems() -> [String] {
    let taken = SpecKey.allCases.map(\.rawValue)
    return sections.filter { taken.contains($0.name) }.map { "\($0.name): a spec has another key of this name" }
      + configuration.problems() + execution.problems(at: "execution")
      + designs.entries.flatMap { $0.options.problems(at: ConfigurationPath("design").appending($0.name)) }
  }

  /// The part of a resolved configuration that decides a run's result; see
  /// ``LabCore/ConfigurationSchema/identityConfiguration(of:)``.
  public func identityConfiguration(of resolved: JSONValue) -> JSONValue {
    configuration.identityConfiguration(of: resolved)
  }
}

/// The keys of a spec beside the sections of the configuration.
public enum SpecKey: String, CaseIterable, Sendable {
  /// The file's JSON Schema, for editors.
  case schema = "$schema"
  /// The sweep's name.
  case name
  /// What the study is about.
  case description
  /// The axes.
  case factors
  /// The level of each factor that the others are compared with.
  case baseline
  /// The level of each factor in the full model.
  case full
  /// Which cells are run.
  case design
  /// Cells beside those of the design.
  case include
  /// Cells that are left out.
  case exclude
  /// The seeds of every cell.
  case seeds
  /// What will be concluded from.
  case analysis
  /// Settings that change no result.
  case execution
}
