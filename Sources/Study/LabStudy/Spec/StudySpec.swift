import Foundation
import LabCore
import LabRecords

/// A valid spec: what is studied, before it is multiplied out into a ``Plan``.
public struct StudySpec: Sendable {
  /// One axis.
  public struct Factor: Sendable, Hashable {
    /// The name, such as `conv`.
    public var name: String
    /// The levels in the order of the spec.
    public var levels: [Level]
  }

  /// One level of an axis.
  public struct Level: Sendable, Hashable {
    /// The label, such as `odconv-4x`.
    public var label: String
    /// The values that the level gives to keys, by their whole paths.
    public var settings: [ConfigurationPath: JSONValue]
  }

  /// The text that the spec was read from.
  public var source: SpecSource
  /// The sweep's name: the spec's `name`, or else the file's.
  public var name: String
  /// What the study is about.
  public var summary: String?
  /// The axes in the order of the spec.
  public var factors: [Factor]
  /// The label of each factor's baseline level.
  public var baseline: [String: String]
  /// The name of the design.
  public var design: String
  /// The seeds in the order of the spec.
  public var seeds: [UInt64]
  /// The resolved configuration of the sections, before a factor changes it.
  public var configuration: JSONValue
  /// The resolved settings that say how runs are executed.
  public var execution: JSONValue
  /// What will be concluded from; nil where the spec does not say.
  public var analysis: AnalysisPlan?
  /// The hash of what the spec says, which comments, white space, key order, `description`, `analysis`, `execution` and
  /// `$schema` do not change.
  public var meaningHash: ContentHash

  /// Whether a name can name files and be typed in a shell.
  public static func isUsableName(_ name: String) -> Bool {
    guard let first = name.first, first.isASCII, first.isLetter || first.isNumber, name.count <= 100 else {
      return false
    }
    return name.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "-_.".contains($0)) }
  }

  /// The name of a spec that has none: its file's, without what a name cannot have.
  static func name(ofFile path: String) -> String {
    let stem = ((path as NSString).lastPathComponent as NSString).deletingPathExtension
    let usable = String(stem.map { isUsableName("x\($0)") ? $0 : "-" }.drop { !$0.isLetter && !$0.isNumber })
    return usable.isEmpty ? "study" : String(usable.prefix(100))
  }
}

extension StudySpec {
  /// The spec of a context without errors.
  init?(_ context: SpecContext, source: SpecSource) {
    let draft = context.draft
    guard let design = context.design, let baseline = context.baseline else { return nil }
    self.source = source
    name = draft.name?.text ?? StudySpec.name(ofFile: source.path)
    summary = draft.description
    factors = draft.factors.map { factor in
      Factor(
        name: factor.name,
        levels: factor.levels.map { level in
          let settings = level.settings.compactMap { setting in setting.target.map { ($0, setting.value.json) } }
          return Level(label: level.label, settings: Dictionary(settings) { first, _ in first })
        })
    }
    self.baseline = Dictionary(
      zip(draft.factors, baseline).map { ($0.name, $0.levels[$1].label) }, uniquingKeysWith: { first, _ in first })
    self.design = design.name
    seeds = draft.seeds?.values.map(\.seed) ?? [0]
    configuration = context.base.value
    execution = context.schema.execution.resolve(draft.execution).value
    analysis = draft.analysis.flatMap(AnalysisRule.plan)
    var meaning = draft.root.json
    for key in [SpecKey.schema, .description, .analysis, .execution] { meaning[key.rawValue] = nil }
    meaning["name"] = .string(name)
    meaningHash = meaning.contentHash
  }
}
