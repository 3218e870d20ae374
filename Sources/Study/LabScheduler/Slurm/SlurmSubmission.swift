import Foundation
import LabCore

/// The folder of an array of tasks: which capsules each of them trains, and the script that they begin with.
struct SlurmSubmission: Sendable, Hashable {
  /// The folder.
  let path: String

  /// Where submissions of a results folder lie.
  static func shelf(results: String) -> String { "\(results)/slurm" }

  init(_ path: String) { self.path = path }

  /// The name by which Slurm knows whose array it is.
  var comment: String { "labrun:\((path as NSString).lastPathComponent)" }
  var scriptPath: String { "\(path)/job.sh" }
  private var tasksPath: String { "\(path)/tasks.json" }
  private var jobPath: String { "\(path)/job.txt" }

  /// What a task prints, unless a run does.
  func outputPath(of task: String) -> String { "\(path)/task-\(task).txt" }

  /// Makes the folder, so that nothing of it is missing when Slurm takes it.
  ///
  /// - Parameters:
  ///   - tasks: the capsules of each task.
  ///   - script: what a task begins with.
  /// - Throws: `FileError`.
  func create(tasks: [[CapsuleFolder]], script: String) throws {
    try AtomicFile.createFolder(path)
    try AtomicFile.write(try CapsuleCoding.encoder.encode(tasks.map { $0.map(\.path) }), to: tasksPath)
    try AtomicFile.write(Data(script.utf8), to: scriptPath)
    for (index, capsules) in tasks.enumerated() {
      for capsule in capsules { try capsule.note(SlurmPlace(submission: path, task: index)) }
    }
  }

  /// The capsules of a task.
  ///
  /// - Throws: `FileError`, ``CapsuleError`` where the folder is none of a submission.
  func capsules(ofTask index: Int) throws -> [CapsuleFolder] {
    let tasks = try self.tasks()
    guard tasks.indices.contains(index) else {
      throw CapsuleError.content(path: tasksPath, problem: "it has \(tasks.count) tasks, and none of number \(index)")
    }
    return tasks[index]
  }

  private func tasks() throws -> [[CapsuleFolder]] {
    let file = try SizedFile(tasksPath)
    do {
      return try CapsuleCoding.decoder.decode([[String]].self, from: file.bytes(at: 0, count: file.byteCount))
        .map { $0.map(CapsuleFolder.init) }
    } catch let error as DecodingError {
      throw CapsuleError.content(path: tasksPath, problem: error.capsuleProblem)
    }
  }

  /// The number that Slurm gave the array; nil where nobody noted it.
  var job: String? {
    (try? String(contentsOfFile: jobPath, encoding: .utf8))?.trimmingCharacters(in: .whitespacesAndNewlines)
  }

  /// Notes the number that Slurm gave the array.
  ///
  /// - Throws: `FileError`.
  func note(job: String) throws { try AtomicFile.write(Data("\(job)\n".utf8), to: jobPath) }

  /// The last lines that a task printed, beside its runs.
  func lastLines(_ count: Int, ofTask index: Int) -> [String] { TextTail.lines(count, of: outputPath(of: "\(index)")) }

  /// Removes the submissions of a results folder of which no capsule is left, as a sweep leaves them that dies right then.
  static func removeDone(results: String) {
    let shelf = shelf(results: results)
    for name in (try? FileManager.default.contentsOfDirectory(atPath: shelf)) ?? [] {
      SlurmSubmission("\(shelf)/\(name)").removeIfDone()
    }
  }

  /// Removes the folder once no capsule of it is left.
  func removeIfDone() {
    guard let tasks = try? tasks(), !tasks.joined().contains(where: \.exists) else { return }
    try? FileManager.default.removeItem(atPath: path)
  }
}

/// Where a capsule is in Slurm: the content of its `slurm.json`.
struct SlurmPlace: Sendable, Codable, Hashable {
  /// The folder of the submission.
  var submission: String
  /// The index in its array.
  var task: Int
}

extension CapsuleFolder {
  private var slurmPath: String { "\(path)/slurm.json" }

  /// Whether the capsule is there.
  var exists: Bool { access(runPath, F_OK) == 0 }

  /// Where the capsule is in Slurm; nil where it is not.
  var slurmPlace: SlurmPlace? {
    FileManager.default.contents(atPath: slurmPath).flatMap {
      try? CapsuleCoding.decoder.decode(SlurmPlace.self, from: $0)
    }
  }

  fileprivate func note(_ place: SlurmPlace) throws {
    try AtomicFile.write(try CapsuleCoding.encoder.encode(place), to: slurmPath)
  }
}
