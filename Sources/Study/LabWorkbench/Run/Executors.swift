import LabCore
import LabRecords
import LabScheduler
import LabStudy

/// What can train the runs of a sweep.
public enum Executors {
  /// The executors in the order of the documentation; a sweep that names none gets the first.
  public static let registry = Registry<ExecutorDefinition>(
    "executors",
    [
      TrainingRunExecutor.definition, ProcessRunExecutor.definition, ProcessRunExecutor.commandDefinition,
      SlurmRunExecutor.definition,
    ]
  ) { [$0.name] }

  /// The executor of a name.
  ///
  /// - Throws: ``WorkbenchError`` for a name that this program does not have.
  public static func named(_ name: String) throws -> ExecutorDefinition {
    guard let definition = registry[name] else {
      throw WorkbenchError(
        "this program has no executor \"\(name)\"\(NearestName.hint(for: name, among: registry.names)); it has "
          + registry.names.joined(separator: ", "))
    }
    return definition
  }

  /// The executor of a study.
  ///
  /// - Parameters:
  ///   - given: the one that the command line names.
  ///   - spec: the one that the spec names, which may be the default.
  ///   - isOfProgram: whether somebody's program trains the runs.
  /// - Throws: ``WorkbenchError`` for an executor that trains something else.
  package static func chosen(
    _ given: ExecutorDefinition?, spec: JSONValue, isOfProgram: Bool
  ) throws -> ExecutorDefinition {
    let named = try given ?? Self.named(spec["name"]?.stringValue ?? spec.stringValue ?? registry.names[0])
    let trainee = isOfProgram ? ExecutorDefinition.Trainee.program : .engine
    if named.trains.contains(trainee) { return named }
    // The default is that of the engine.
    if isOfProgram, given == nil, named.name == registry.names[0],
      let first = registry.entries.first(where: { $0.trains.contains(.program) })
    {
      return first
    }
    let fitting = registry.entries.filter { $0.trains.contains(trainee) }.map(\.name)
    throw WorkbenchError(
      isOfProgram
        ? "the executor \"\(named.name)\" trains labrun's own networks, and the spec names a program; programs are run by "
          + fitting.joined(separator: ", ")
        : "the executor \"\(named.name)\" runs the program that a spec names, and this spec names none; its networks are "
          + "trained by " + fitting.joined(separator: ", "), kind: .badData)
  }
}

/// An executor as it is registered.
public struct ExecutorDefinition: Sendable {
  /// What runs are trained by.
  public enum Trainee: Sendable, Hashable {
    /// labrun's own engine.
    case engine
    /// The program that a spec names.
    case program
  }

  /// The name on the command line.
  public let name: String
  /// What it does, in one sentence.
  public let summary: String
  /// What a spec may say of it, in `execution.executor`.
  public let options: ConfigurationSchema
  /// Whose runs it trains.
  public let trains: Set<Trainee>
  /// Whether runs are trained by other machines, and go on where the sweep ends; its own machine's cores and memory are then no
  /// bound.
  public let isRemote: Bool
  /// Finds what is wrong with options, beyond what their schema says, before anything is trained; the program is what runs are
  /// trained by, nil where labrun's own engine trains.
  public let check: @Sendable (_ options: JSONValue, _ program: ProgramSpec?) throws -> Void
  /// Makes the executor of a sweep.
  public let make: @Sendable (ExecutorEnvironment) throws -> any RunExecutor

  /// Creates a definition.
  ///
  /// - Parameters:
  ///   - name: the name on the command line and in specs.
  ///   - summary: what it does, in one sentence.
  ///   - options: what a spec may say of it.
  ///   - trains: whose runs it trains.
  ///   - isRemote: whether other machines train, and go on where the sweep ends.
  ///   - check: finds what is wrong with options, beyond what their schema says, before anything is trained.
  ///   - make: makes the executor of a sweep.
  public init(
    _ name: String, _ summary: String, options: ConfigurationSchema = ConfigurationSchema([]),
    trains: Set<Trainee> = [.engine], isRemote: Bool = false,
    check: @escaping @Sendable (_ options: JSONValue, _ program: ProgramSpec?) throws -> Void = { _, _ in },
    make: @escaping @Sendable (ExecutorEnvironment) throws -> any RunExecutor
  ) {
    self.name = name
    self.summary = summary
    self.options = options
    self.trains = trains
    self.isRemote = isRemote
    self.check = check
    self.make = make
  }
}

/// What an executor may know of its sweep.
public struct ExecutorEnvironment: Sendable {
  /// The executor's options, resolved.
  public let options: JSONValue
  /// The sweep's name.
  public let name: String
  /// The hash of the spec's meaning.
  public let specHash: ContentHash
  /// The folder of the spec, which relative paths of data may start from.
  public let specFolder: String
  /// The time between two checkpoints within an epoch in seconds; nil for checkpoints at the ends of epochs only.
  public let checkpointSeconds: Double?
  /// The store that runs are claimed from.
  public let store: any RunStore
  /// The results folder.
  public let results: String
  /// Trains a run in this process: what another executor may hand some runs to, or wrap.
  public let training: any RunExecutor
  /// The variants of runs that somebody's program trains; empty where labrun's own engine does.
  package let programs: [RunIdentity: ProgramVariant]
  /// What becomes of runs elsewhere where the sweep is stopped.
  public let leaving: LeavingPolicy
  /// What the plan expects of a run, for those who must ask for it in advance.
  public let expect: @Sendable (RunIdentity) -> RunExpectation
  /// Is told what a person should know.
  public let say: @Sendable (String) -> Void
}
