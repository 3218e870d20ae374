import LabCore
import LabRecords

/// A spec of somebody's program, made of what the program tells of its options.
///
/// What has a default becomes a parameter, an option with choices a factor, a seed and a folder for output their placeholders.
/// What is none of these is left out and named.
public struct ProgramDraft: Sendable {
  /// What a spec is made of.
  public struct Subject: Sendable {
    /// The words of the command, as the user gave them.
    public var command: [String]
    /// What the program tells of its options.
    public var help: ProgramHelp
    /// Files that the program is made of.
    public var sources: [String]
    /// Files of the command that it reads.
    public var inputs: [String]
    /// How lines look that it prints with metrics.
    public var patterns: [String]
    /// Whether their numbers are printed in percent.
    public var isPercent: Bool

    /// Creates what a spec is made of.
    public init(
      command: [String], help: ProgramHelp, sources: [String] = [], inputs: [String] = [], patterns: [String] = [],
      isPercent: Bool = false
    ) {
      self.command = command
      self.help = help
      self.sources = sources
      self.inputs = inputs
      self.patterns = patterns
      self.isPercent = isPercent
    }
  }

  /// What stands in a spec for a value that only its author knows.
  public static let placeholder = "???"

  /// A parameter as the spec has it.
  struct Parameter: Sendable {
    var name: String
    var value: JSONValue
    var comment: String
  }

  /// A factor as the spec has it, or proposes it.
  struct Factor: Sendable {
    var name: String
    var levels: [JSONValue]
  }

  let subject: Subject
  /// The words of the spec's command.
  private(set) var command: [String]
  private(set) var parameters: [Parameter] = []
  /// The first one is varied, the others are proposed.
  private(set) var factors: [Factor] = []
  /// The option that receives the seed; nil where none is known.
  public private(set) var seedOption: String?
  /// The options that receive the run's own folder.
  public private(set) var folderOptions: [String] = []
  /// What is left out, with the reason.
  public private(set) var leftOut: [(name: String, reason: String)] = []

  /// The names of the parameters.
  public var parameterNames: [String] { parameters.map(\.name) }
  /// The parameters that have no value yet.
  public var unfilled: [String] {
    parameters.filter { $0.value == .string(Self.placeholder) }.map { "parameters.\($0.name)" }
  }
  /// The factor that is varied; nil where no option has choices.
  public var factor: (name: String, levels: [String])? {
    factors.first.map { ($0.name, $0.levels.map { $0.stringValue ?? $0.canonicalText }) }
  }
  /// Other factors that the spec proposes.
  public var proposedFactors: [String] { factors.dropFirst().map(\.name) }

  /// Whether the spec says which metrics the program prints.
  public var namesMetrics: Bool { !subject.patterns.isEmpty }
  /// Whether the program asks labrun's client for its parameters, and for its seed.
  public var usesClient: Bool { subject.help.usesClient }

  /// Makes a draft.
  public init(_ subject: Subject) {
    self.subject = subject
    command = subject.command
    // Somebody who writes placeholders has decided how the program is told.
    let hasPlaceholders = subject.command.contains { !ProgramCommand.placeholders(of: $0).isEmpty }
    if subject.help.configuration != nil {
      addConfiguration(hasPlaceholders: hasPlaceholders)
    } else {
      addOptions(hasPlaceholders: hasPlaceholders)
    }
    if let command = subject.help.commands.first {
      leftOut.append(
        (
          subject.help.commands.joined(separator: ", "),
          "a command with options of its own: give --command one, such as \(command)"
        ))
    }
  }

  // MARK: Options

  private mutating func addOptions(hasPlaceholders: Bool) {
    var words: [String] = []
    var untold: [String: ProgramOption] = [:]
    for option in subject.help.options {
      guard !isGiven(option) else {
        leftOut.append((option.flag, "is in the command"))
        continue
      }
      if let word = surroundings(of: option) {
        if !subject.help.usesClient { words += [option.flag, word] }
        continue
      }
      guard let parameter = parameter(of: option) else { continue }
      if parameters.contains(where: {
        $0.name == parameter.name || $0.name.hasPrefix(parameter.name + ".") || parameter.name.hasPrefix($0.name + ".")
      }) {
        leftOut.append((option.flag, "another parameter has its name"))
        continue
      }
      parameters.append(parameter)
      addFactor(of: option, parameter)
      if option.defaultValue == nil, !option.choices.isEmpty { untold[parameter.name] = option }
    }
    orderFactors { untold[$0] == nil }
    settle(untold)
    guard !hasPlaceholders, !subject.help.usesClient else { return }
    let known = Set(parameters.map(\.name))
    var isPassedByName = false
    for option in subject.help.options {
      let names = [option.name] + (option.opposite.map { [$0] } ?? [])
      guard let name = names.first(where: known.contains), !isGiven(option) else { continue }
      if option.kind == .positional {
        words.append("{\(name)}")
      } else if !option.flag.hasPrefix("--") {
        words += [option.flag, "{\(name)}"]
      } else {
        isPassedByName = true
      }
    }
    command += words + (isPassedByName ? ["{args}"] : [])
  }

  /// Of options with choices and without a default, the factor gives the first one its value.
  private mutating func settle(_ untold: [String: ProgramOption]) {
    for (name, option) in untold.sorted(by: { $0.key < $1.key }) where name != factors.first?.name {
      guard let index = parameters.firstIndex(where: { $0.name == name }) else { continue }
      if option.isRequired {
        parameters[index].value = .string(Self.placeholder)
      } else {
        parameters.remove(at: index)
        leftOut.append((option.flag, "no default is told"))
      }
    }
  }

  /// Whether the command has the option already.
  private func isGiven(_ option: ProgramOption) -> Bool {
    option.kind != .positional
      && subject.command.dropFirst().contains { $0 == option.flag || $0.hasPrefix("\(option.flag)=") }
  }

  /// The placeholder of what is no parameter: the seed, and where results go; nil of all others.
  private mutating func surroundings(of option: ProgramOption) -> String? {
    guard option.kind == .value else { return nil }
    let name = option.commonName
    if CommonOption.seeds.contains(name), seedOption == nil {
      seedOption = option.flag
      return "{seed}"
    }
    if CommonOption.folders.contains(name) {
      folderOptions.append(option.flag)
      return "{folder}"
    }
    guard CommonOption.outputs.contains(name) else { return nil }
    folderOptions.append(option.flag)
    // A file stays one.
    let file = option.defaultValue?.stringValue?.split(separator: "/").last ?? ""
    return file.dropFirst().contains(".") ? "{folder}/\(file)" : "{folder}"
  }

  private mutating func parameter(of option: ProgramOption) -> Parameter? {
    func leave(_ reason: String) -> Parameter? {
      leftOut.append((option.flag, reason))
      return nil
    }
    guard option.name.wholeMatch(of: /[A-Za-z_][\w.-]*/) != nil, !option.name.hasSuffix(".") else {
      return leave("a parameter cannot have its name")
    }
    let isShort = !option.flag.hasPrefix("--") && option.kind != .positional
    let comment = option.help
    switch option.kind {
    case .other(let reason): return leave(reason)
    case .toggle(let opposite):
      guard !isShort else { return leave("a switch of one dash; write it into the command where it is on") }
      let isOn = option.defaultValue == true
      guard isOn, let opposite else { return Parameter(name: option.name, value: .boolean(isOn), comment: comment) }
      return Parameter(name: opposite, value: false, comment: comment)
    case .values where isShort: return leave("it takes several values behind one dash")
    case .value, .values, .positional:
      if let value = option.defaultValue { return Parameter(name: option.name, value: value, comment: comment) }
      // A factor gives it one.
      if !option.choices.isEmpty, option.isRequired || !CommonOption.neverFactors.contains(option.commonName) {
        return Parameter(name: option.name, value: option.choices[0], comment: comment)
      }
      guard option.isRequired else { return leave("no default is told") }
      return Parameter(name: option.name, value: .string(Self.placeholder), comment: comment)
    }
  }

  private mutating func addFactor(of option: ProgramOption, _ parameter: Parameter) {
    guard option.choices.count > 1, option.kind == .value || option.kind == .positional,
      !CommonOption.neverFactors.contains(option.commonName)
    else { return }
    // The default comes first: it is the baseline.
    let others = option.choices.filter { $0 != parameter.value }
    factors.append(Factor(name: parameter.name, levels: [parameter.value] + others))
  }

  // MARK: Hydra

  private mutating func addConfiguration(hasPlaceholders: Bool) {
    var words: [String] = []
    add(subject.help.configuration?.members ?? [], prefix: "", &words)
    for group in subject.help.groups where group.choices.count > 1 {
      leftOut.append(
        (
          group.name,
          "a group of \(group.choices.joined(separator: ", ")): a factor of it takes the place of its parameters"
        ))
    }
    folderOptions.append("hydra.run.dir")
    guard !hasPlaceholders else { return }
    command += words + ["hydra.run.dir={folder}"] + (parameters.isEmpty ? [] : ["{hydra}"])
  }

  private mutating func add(_ members: [SourceValue.Member], prefix: String, _ words: inout [String]) {
    for member in members {
      let name = prefix + member.key
      if let inner = member.value.members {
        add(inner, prefix: name + ".", &words)
        continue
      }
      guard !subject.command.contains(where: { $0.hasPrefix("\(name)=") || $0.hasPrefix("+\(name)=") }) else {
        leftOut.append((name, "is in the command"))
        continue
      }
      if CommonOption.seeds.contains(member.key.lowercased()), seedOption == nil {
        seedOption = name
        words.append("\(name)={seed}")
        continue
      }
      guard let reason = Self.obstacle(member.value.json) else {
        parameters.append(Parameter(name: name, value: member.value.json, comment: ""))
        continue
      }
      leftOut.append((name, reason))
    }
  }

  /// Why a value cannot be passed to Hydra by `name=value`; nil where it can.
  private static func obstacle(_ value: JSONValue) -> String? {
    switch value {
    case .null: "no default is told"
    case .string(let text) where text == placeholder: nil
    case .string(let text) where text.contains("${"): "follows from others"
    case .string(let text) where text.wholeMatch(of: /[\w.\/:@+-]+(?: [\w.\/:@+-]+)*/) == nil:
      "its value has characters that Hydra reads in its own way"
    case .array(let values): values.lazy.compactMap(obstacle).first
    case .object: "a list of objects"
    default: nil
    }
  }

  // MARK: Factors

  /// What is trained comes before how it is trained, and a known default before none.
  private mutating func orderFactors(hasDefault: (String) -> Bool) {
    factors = factors.filter { hasDefault($0.name) } + factors.filter { !hasDefault($0.name) }
    guard
      let index = factors.firstIndex(where: {
        CommonOption.firstFactors.contains($0.name.lowercased()) && hasDefault($0.name)
      })
    else { return }
    factors.insert(factors.remove(at: index), at: 0)
  }
}

/// Names that options of many programs have.
private enum CommonOption {
  static let seeds: Set = [
    "seed", "random_seed", "rng_seed", "manual_seed", "manualseed", "global_seed", "random_state", "rand_seed",
  ]
  static let folders: Set = [
    "output_dir", "out_dir", "outdir", "outputdir", "output_folder", "save_dir", "savedir", "log_dir", "logdir",
    "logging_dir",
    "run_dir", "results_dir", "result_dir", "work_dir", "workdir", "checkpoint_dir", "ckpt_dir", "exp_dir",
    "save_folder",
    "default_root_dir", "tensorboard_dir", "tb_dir",
  ]
  static let outputs: Set = [
    "output", "out", "save", "save_path", "output_path", "output_file", "out_file", "log_file",
  ]
  static let neverFactors: Set = [
    "device", "accelerator", "log_level", "loglevel", "logging_level", "verbosity", "verbose", "backend", "format",
  ]
  static let firstFactors: Set = ["model", "arch", "architecture", "network", "conv", "method", "algorithm"]
}
