import Foundation
import LabCore
import LabGraph
import LabRecords
import LabScheduler

/// Collects where numbers come from; what is the same for all runs of a sweep is asked once.
package struct ProvenanceCollector: Sendable {
  package let specHash: ContentHash
  package let repository: RunProvenance.Repository?
  package let libraries: [String: String]

  package init(specHash: ContentHash) {
    self.specHash = specHash
    repository = ProvenanceCollector.currentRepository()
    libraries = LibraryVersions.common
  }

  /// - Parameter convolutionMethods: the method of each convolution's passes.
  package func record(
    run: Run, backend: any Backend, threads: Int, convolutionMethods: [String: String]
  ) -> RunProvenance {
    let facts = backend.description.text
    let processor = Machine.processorName + (facts.isEmpty ? "" : " (\(facts))")
    return RunProvenance(
      programVersion: ProgramVersion.current, repository: repository, specHash: specHash,
      configuration: run.configuration,
      dataHash: run.dataHash, host: ProcessInfo.processInfo.hostName,
      operatingSystem: ProcessInfo.processInfo.operatingSystemVersionString, processor: processor, threads: threads,
      libraries: libraries.merging(backend.description.libraries) { $1 },
      choices: [RunProvenance.convolutionsKey: .object(convolutionMethods.mapValues { .string($0) })],
      job: SlurmEnvironment.current?.description)
  }

  /// Where the numbers of somebody's program come from, as far as labrun knows.
  package func record(run: Run, threads: Int) -> RunProvenance {
    RunProvenance(
      programVersion: ProgramVersion.current, repository: repository, specHash: specHash,
      configuration: run.configuration,
      dataHash: run.dataHash, host: ProcessInfo.processInfo.hostName,
      operatingSystem: ProcessInfo.processInfo.operatingSystemVersionString, processor: Machine.processorName,
      threads: threads, libraries: [:])
  }

  /// The state of the repository that the working folder belongs to.
  private static func currentRepository() -> RunProvenance.Repository? {
    guard let commit = git("rev-parse", "HEAD"), !commit.isEmpty else { return nil }
    // What cannot be told is not called clean.
    return RunProvenance.Repository(commit: commit, isDirty: git("status", "--porcelain") != "")
  }

  private static func git(_ arguments: String...) -> String? {
    guard let answer = try? LimitedProcess(["git"] + arguments).run(atMost: 60), answer.end == .exit(status: 0) else {
      return nil
    }
    return String(decoding: answer.output, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
  }
}

extension RunProvenance {
  /// Describes the machine that this process runs on, where another one has made the record.
  mutating func describeMachine() {
    host = ProcessInfo.processInfo.hostName
    operatingSystem = ProcessInfo.processInfo.operatingSystemVersionString
    processor = Machine.processorName
    job = SlurmEnvironment.current?.description
  }

  fileprivate static let convolutionsKey = "convolutions"

  /// The method of each convolution's passes.
  package var convolutionMethods: [String: String] { choices.convolutionMethods }
}

extension [String: JSONValue] {
  /// The method of each convolution's passes, among the choices of an attempt.
  fileprivate var convolutionMethods: [String: String] {
    guard case .object(let methods)? = self[RunProvenance.convolutionsKey] else { return [:] }
    return methods.compactMapValues { if case .string(let method) = $0 { method } else { nil } }
  }
}

extension AttemptStore {
  /// The methods that a run's newest attempt to train recorded; empty before the first one did.
  package func convolutionMethods(of run: RunIdentity) throws -> [String: String] {
    try choices(of: run).convolutionMethods
  }
}
