import Foundation
import LabCore
import LabRecords

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Copies a run's files from one results folder into another: first beside their places, where every byte is compared with the
/// seal and the content with what is on record, then into them.
struct RunFilesMerge {
  private let source: RunFolder
  private let target: RunFolder
  private let rows: RunRows
  private let lineage: RunLineage
  private let copying: StoreMerge.Copying
  private var staged: [(file: RunFolder.File, path: String)] = []
  /// The program's folder and outputs, with the places of their copies.
  private var programs: [(name: String, path: String)] = []
  /// The seals of the files that are taken.
  private(set) var seals: [RunFolder.File: FileSeal] = [:]
  /// What is left there of a run that can do without it, as ends of sentences.
  private(set) var problems: [String] = []
  /// What is left there of a program's folder since it is no file, such as links.
  private(set) var leftOut: [String] = []

  init(from source: RunFolder, to target: RunFolder, rows: RunRows, lineage: RunLineage, copying: StoreMerge.Copying) {
    self.source = source
    self.target = target
    self.rows = rows
    self.lineage = lineage
    self.copying = copying
  }

  private var isCompleted: Bool { rows.state == .completed }

  /// The files that the run has use for: a completed one needs no checkpoint.
  private var files: [RunFolder.File] {
    RunFolder.File.allCases.filter { !isCompleted || $0 != .checkpoint && $0 != .previousCheckpoint }
  }

  /// Copies and checks.
  ///
  /// - Returns: why the run cannot be taken, as the end of a sentence; nil where it can.
  /// - Throws: ``StoreError`` or `FileError` where this folder cannot be written.
  mutating func stage() throws -> String? {
    for file in files {
      let noted = rows.files.first { $0.name == file.rawValue }
      // Every run of earlier versions has stored its weights.
      let isNeeded = isCompleted && (noted != nil || rows.isOfEarlierVersion && file == .finalWeights)
      guard source.has(file) else {
        if isNeeded { return "\(source.path(of: file)) is gone" }
        continue
      }
      if staged.isEmpty { try AtomicFile.createFolder(target.path) }
      let path = "\(target.path(of: file))\(RunFolder.temporaryMark)\(getpid())-\(UInt32.random(in: 0 ... .max))"
      staged.append((file, path))
      do {
        try copy(source.path(of: file), to: path)
        if let problem = try check(file, at: path, noted: noted?.seal) {
          throw StoreError.misfit(path: path, problem: problem)
        }
        seals[file] = try FileSeal.read(path)
      } catch let error as StoreError where !error.isOfMachine {
        let problem = "\(error)".replacing(path, with: source.path(of: file))
        if isNeeded { return problem }
        problems.append("is taken without a file: \(problem)")
        staged.removeLast()
        unlink(path)
      }
    }
    try stageProgram()
    return nil
  }

  /// Why a copy is not what is on record; nil where it is.
  private func check(_ file: RunFolder.File, at path: String, noted: FileSeal?) throws -> String? {
    let content = try target.read(path, format: file.format)
    let isCheckpoint = file == .checkpoint || file == .previousCheckpoint
    if let problem = lineage.misfit(of: FileOrigin(content), isCheckpoint: isCheckpoint) { return problem }
    guard isCompleted else { return nil }
    if let noted, try FileSeal.read(path) != noted { return "is whole, but not the one that the run stored" }
    return content.contradiction(of: file, to: rows.final)
  }

  /// Copies what a program has left, of which nobody but the program knows what it has to be.
  private mutating func stageProgram() throws {
    for name in try source.programNames() {
      try AtomicFile.createFolder(target.path)
      let path = "\(target.path)/\(name)\(RunFolder.temporaryMark)\(getpid())-\(UInt32.random(in: 0 ... .max))"
      programs.append((name, path))
      leftOut += try StoreError.translatingFileErrors(target.path) {
        try RunFolder.copy("\(source.path)/\(name)", to: path)
      }
    }
  }

  private func copy(_ source: String, to path: String) throws {
    if copying == .whole || link(source, path) != 0 {
      do {
        try FileManager.default.copyItem(atPath: source, toPath: path)
      } catch {
        let error = FileError(action: "copy \(source) to", path: path, code: RunFolder.systemCode(of: error))
        try StoreError.translatingFileErrors(target.path) { throw error }
      }
    }
    if copying != .forTheMoment { try AtomicFile.synchronize(path) }
  }

  /// Gives the copies their names; what is there is replaced.
  mutating func putInPlace() throws {
    while let (file, path) = staged.last {
      guard rename(path, target.path(of: file)) == 0 else {
        throw FileError(action: "rename to", path: target.path(of: file))
      }
      staged.removeLast()
    }
    for name in try target.programNames() { try target.remove(name) }
    while let (name, path) = programs.last {
      guard rename(path, "\(target.path)/\(name)") == 0 else {
        throw FileError(action: "rename to", path: "\(target.path)/\(name)")
      }
      programs.removeLast()
    }
    guard copying != .forTheMoment, FileManager.default.fileExists(atPath: target.path) else { return }
    try AtomicFile.synchronize(target.path)
  }

  /// Removes the files of what the run has taken the place of, and those that a process that died has left.
  func removeOthers() throws {
    for file in RunFolder.File.allCases where seals[file] == nil { try target.remove(file) }
    try target.removeTemporaries()
  }

  /// Removes copies that have not been put in their places.
  func removeStaged() {
    for (_, path) in staged { unlink(path) }
    for (_, path) in programs { try? FileManager.default.removeItem(atPath: path) }
  }
}
