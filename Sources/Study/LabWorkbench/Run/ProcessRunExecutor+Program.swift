import Foundation
import LabCore
import LabHDF5
import LabRecords
import LabScheduler
import LabStudy

extension ProcessRunExecutor {
  /// The executor of somebody's program as it is registered.
  package static let commandDefinition = ExecutorDefinition(
    "command", "Runs the spec's program, each run in processes of its own.", trains: [.program]
  ) { environment in
    ProcessRunExecutor(
      CapsuleMaker(
        store: environment.store, results: environment.results.absolutePath, trainer: environment.capsuleTrainer),
      program: IsolatedReader.ownProgram, command: .inTurn([CapsuleTraining.commandName]))
  }
}

extension ExecutorEnvironment {
  /// Who trains the runs of capsules: somebody's program where the spec names one, else labrun's own engine.
  var capsuleTrainer: CapsuleMaker.Trainer {
    guard !programs.isEmpty else {
      return .engine(
        .init(specHash: specHash, specFolder: specFolder.absolutePath, checkpointSeconds: checkpointSeconds))
    }
    let collector = ProvenanceCollector(specHash: specHash)
    let (programs, directory) = (programs, specFolder.absolutePath)
    return .program { claimed, context, capsule, folder in
      guard let variant = programs[claimed.run.identity] else {
        throw WorkbenchError("run \(claimed.run.identity.short) is of no program")
      }
      var asked = variant.asked(
        claimed.run, worker: context.worker, threads: context.threads, capsule: capsule, folder: folder,
        directory: directory, provenance: collector)
      asked.checkStart = { if let change = variant.snapshot.change(whileRunning: false) { throw change } }
      asked.check = { [checkpoint = asked.program.checkpoint] in try variant.checkEnd(checkpoint: checkpoint) }
      return asked
    }
  }
}

extension ProgramVariant {
  /// Refuses the result of a run whose files changed while it was under way, and puts its checkpoint aside.
  ///
  /// - Throws: ``ProgramChange``.
  func checkEnd(checkpoint: String) throws {
    guard let change = snapshot.change(whileRunning: true) else { return }
    let aside = checkpoint + Self.asideSuffix
    try? FileManager.default.removeItem(atPath: aside)
    rename(checkpoint, aside)
    throw change
  }

  /// What follows the name of a checkpoint that nothing goes on from.
  private static let asideSuffix = "-of-changed-files"

  /// What a run's program is asked for.
  func asked(
    _ run: Run, worker: Int, threads: Int, capsule: CapsuleFolder, folder: String, directory: String,
    provenance: ProvenanceCollector
  ) -> CapsuleMaker.ProgramAsked {
    let parameters = ProgramCommand.parameters(self.parameters, seed: run.seed)
    let checkpoint = "\(folder)/checkpoint"
    let words = ProgramCommand(program.command).resolved(
      parameters: parameters,
      .init(seed: run.seed, folder: folder, checkpoint: checkpoint, json: capsule.parametersPath))
    var configuration = variant.configuration
    configuration["parameters"] = parameters
    let tags = program.metrics.compactMapValues(\.tag)
    return .init(
      CapsuleRun.Program(
        command: words, directory: directory, folder: folder, checkpoint: checkpoint,
        deadline: program.timeoutMinutes.map { Date().addingTimeInterval($0 * 60) }, graceSeconds: program.graceSeconds,
        devices: program.devices.isEmpty ? nil : [program.devices[worker % program.devices.count]],
        patterns: program.patterns, metrics: program.metrics.keys.sorted(),
        percentMetrics: program.metrics.filter { $0.value.unit == "%" }.keys.sorted(),
        firstEpoch: program.firstEpoch == 1 ? nil : program.firstEpoch, tags: tags.isEmpty ? nil : tags,
        level: variant.levels,
        variant: variant.label,
        provenance: provenance.record(run: run, threads: threads)), configuration: configuration)
  }
}
