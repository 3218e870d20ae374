import LabCore

/// An option of a program, as its help or its parser tells.
public struct ProgramOption: Sendable, Hashable {
  /// How the program is given it.
  public enum Kind: Sendable, Hashable {
    /// With a value behind it.
    case value
    /// With several values behind it.
    case values
    /// Alone; where it has an opposite, that one is given to turn it off.
    case toggle(opposite: String?)
    /// By its place, without a name.
    case positional
    /// In a way that no parameter stands for, which is said in a clause.
    case other(String)
  }

  /// The name with its dashes, such as `--epochs`; without any for what is given by its place.
  public var flag: String
  /// How the program is given it.
  public var kind: Kind
  /// What it is without being given; nil where that is nothing, or not told.
  public var defaultValue: JSONValue?
  /// What it may be; empty where that is not told.
  public var choices: [JSONValue]
  /// Whether the program does not start without it.
  public var isRequired: Bool
  /// What it is for, in one line.
  public var help: String

  /// Creates an option.
  public init(
    _ flag: String, _ kind: Kind = .value, default defaultValue: JSONValue? = nil, choices: [JSONValue] = [],
    isRequired: Bool = false, help: String = ""
  ) {
    self.flag = flag
    self.kind = kind
    self.defaultValue = defaultValue
    self.choices = choices
    self.isRequired = isRequired
    self.help = help
  }

  /// The name without its dashes.
  public var name: String { String(flag.drop { $0 == "-" }) }

  /// The name of what turns it off, without dashes.
  var opposite: String? { if case .toggle(let opposite) = kind { opposite } else { nil } }

  /// The name as different programs have in common.
  var commonName: String { name.lowercased().replacing("-", with: "_").replacing(".", with: "_") }
}

/// What a program tells of its options.
public struct ProgramHelp: Sendable, Hashable {
  /// A group of configurations, of which Hydra takes one.
  public struct Group: Sendable, Hashable {
    /// Its name.
    public var name: String
    /// What it may be.
    public var choices: [String]

    /// Creates a group.
    public init(name: String, choices: [String]) {
      self.name = name
      self.choices = choices
    }
  }

  /// The options in their order.
  public var options: [ProgramOption]
  /// The configuration that Hydra prints; nil of other programs.
  public var configuration: SourceValue?
  /// Hydra's groups.
  public var groups: [Group]
  /// The commands of the program, of which each has options of its own.
  public var commands: [String]
  /// Whether the program asks labrun's client for its parameters.
  public var usesClient: Bool

  /// Creates what a program tells.
  public init(
    options: [ProgramOption] = [], configuration: SourceValue? = nil, groups: [Group] = [], commands: [String] = [],
    usesClient: Bool = false
  ) {
    self.options = options
    self.configuration = configuration
    self.groups = groups
    self.commands = commands
    self.usesClient = usesClient
  }

  /// Whether nothing was told.
  public var isEmpty: Bool { options.isEmpty && configuration == nil && commands.isEmpty && !usesClient }
}
