/// Describes the keys of one configuration object: the source of validation, defaults, help and the JSON Schema.
///
/// Each module declares the schema of its own configuration beside the type that holds it; the command line
/// composes them into the schema of a spec.
public struct ConfigurationSchema: Sendable {
  /// One key of the object.
  public struct Field: Sendable {
    /// The key, in snake case.
    public var name: String
    /// What the key means, in one sentence with its unit.
    public var summary: String
    /// The values that it takes.
    public var kind: Kind
    /// The value of an absent key; nil where the key is required.
    public var defaultValue: JSONValue?
    /// Whether a different value can change a run's result, and so belongs to its identity.
    public var isResultRelevant: Bool
    /// How often what the key asks for has come to give other results; part of the identity of runs that have the key
    /// at another value than its default's, where it is not 0.
    public var revision: Int
    /// What an ablation compares of the key; nil where the kind of its values says it.
    public var comparison: Comparison?

    /// Creates a field.
    public init(
      _ name: String, _ kind: Kind, default defaultValue: JSONValue?, isResultRelevant: Bool = true, revision: Int = 0,
      _ summary: String
    ) {
      self.name = name
      self.kind = kind
      self.defaultValue = defaultValue
      self.isResultRelevant = isResultRelevant
      self.revision = revision
      self.summary = summary
    }
  }

  /// The values that a field takes.
  public indirect enum Kind: Sendable {
    case boolean
    /// An integer within inclusive bounds.
    case integer(ClosedRange<Int>)
    /// A finite number within bounds.
    case number(Bounds)
    /// Any string.
    case string
    /// One of a fixed list of names.
    case choice([String])
    /// A name, or an object whose `name` is that name and whose other keys are that variant's options.
    ///
    /// `aliases` are accepted names that stand for a whole object, such as `odconv-4x`.
    case variant([Variant])
    case array(Kind)
    case object(ConfigurationSchema)
    /// Any of several kinds; the first that fits is taken.
    case either([Kind])
    /// Null, which switches the option off, or the other kind.
    case optional(Kind)
  }

  /// One entry of a registry that a spec can name.
  public struct Variant: Sendable {
    /// The registered name.
    public var name: String
    /// What it is, in one sentence.
    public var summary: String
    /// The options of the object form.
    public var options: ConfigurationSchema
    /// Names that stand for this variant with options set: `odconv-4x` is `{"kernels": 4}`.
    public var aliases: [String: [String: JSONValue]]
    /// Keys that an alias stands for, too, beside the one that the variant is a value of: `resnet20` is `resnet`, and
    /// `{"depth": 20}` in the same object.
    ///
    /// Canonical forms have the variant's name and these keys, so that both ways to write it are one.
    public var companions: [String: [String: JSONValue]]
    /// How often the variant has come to give other results; part of the identity of its runs, where it is not 0.
    ///
    /// Raise it with every change after which the same configuration, data and seed give other bits: old results then
    /// stay what they are, and are not taken for new ones.
    public var revision: Int

    /// Creates a variant.
    public init(
      _ name: String, _ summary: String, options: ConfigurationSchema = ConfigurationSchema([]),
      aliases: [String: [String: JSONValue]] = [:], companions: [String: [String: JSONValue]] = [:], revision: Int = 0
    ) {
      self.name = name
      self.summary = summary
      self.options = options
      self.aliases = aliases
      self.companions = companions
      self.revision = revision
    }
  }

  /// The bounds of a number.
  public struct Bounds: Sendable {
    /// The smallest value.
    public var minimum: Double
    /// Whether the smallest value itself is allowed.
    public var includesMinimum: Bool
    /// The largest value.
    public var maximum: Double
    /// Whether the largest value itself is allowed.
    public var includesMaximum: Bool

    /// Creates bounds; each end is inclusive unless said otherwise.
    public init(
      _ minimum: Double = -.infinity, _ maximum: Double = .infinity, includesMinimum: Bool = true,
      includesMaximum: Bool = true
    ) {
      self.minimum = minimum
      self.maximum = maximum
      self.includesMinimum = includesMinimum
      self.includesMaximum = includesMaximum
    }

    /// Any finite number.
    public static let any = Bounds()
    /// Zero or more.
    public static let nonNegative = Bounds(0)
    /// More than zero.
    public static let positive = Bounds(0, includesMinimum: false)
    /// From 0 to 1.
    public static let unit = Bounds(0, 1)

    /// Whether a number lies within the bounds.
    public func contains(_ value: Double) -> Bool {
      value.isFinite && (includesMinimum ? value >= minimum : value > minimum)
        && (includesMaximum ? value <= maximum : value < maximum)
    }
  }

  /// The keys in the order in which they are documented.
  public var fields: [Field]
  /// Whether the object may also be written as a list: the names of those of its keys, all of them booleans, that are
  /// true.
  ///
  /// The canonical form is the object.
  public var isListed = false
  /// Groups of keys that say one thing in several ways: of each group at most one may be given, and the others are then
  /// null; where none is given, the defaults count.
  public var alternatives: [[String]]

  /// Creates a schema from its fields.
  ///
  /// - Parameters:
  ///   - fields: the keys in the order in which they are documented.
  ///   - alternatives: groups of keys, all of them of an optional kind, of which at most one may be given.
  public init(_ fields: [Field], alternatives: [[String]] = []) {
    self.fields = fields
    self.alternatives = alternatives
  }

  /// The field of a key.
  public func field(_ name: String) -> Field? { fields.first { $0.name == name } }
}
