import Foundation
import LabCore
import LabExchange
import LabRecords
import LabScheduler

/// What a program writes for TensorBoard into its folder: scalars, whose steps are taken for epochs.
struct TensorBoardReports: ProgramReportSource {
  /// The most steps of a tag that are kept as epochs; its last value counts whatever their number.
  static let mostSteps = 1000

  /// An event file with what is known of it.
  private struct File {
    var path: String
    /// The bytes that were read, or that an earlier attempt had written which does not count.
    var offset: UInt64
  }

  /// The newest value of a metric.
  private struct Latest {
    var value: Double
    var step: Int
    var time: Double
  }

  private let folder: String
  private let tags: [String: String]
  private var files: [String: File] = [:]
  /// What each tag is called.
  private var names: [String: String] = [:]
  /// The tag of each name.
  private var owners: [String: String] = [:]
  /// Tags that are left out, which was noted.
  private var leftOut: Set<String> = []
  private var latest: [String: Latest] = [:]
  private var stepCounts: [String: Int] = [:]
  /// The number of the first step; steps from 0 are counted from 1 as epochs.
  private var firstStep: Int?
  private var notes: [String] = []

  /// - Parameters:
  ///   - program: what is asked of the program.
  ///   - isResumed: whether what earlier attempts have written counts.
  init(_ program: CapsuleRun.Program, isResumed: Bool) {
    folder = program.folder
    tags = Dictionary((program.tags ?? [:]).map { ($1, $0) }) { first, _ in first }
    guard !isResumed else { return }
    // A program that begins anew leaves what an earlier attempt has written.
    for name in eventFiles() { files[name] = File(path: "\(folder)/\(name)", offset: Self.size("\(folder)/\(name)")) }
  }

  var account: String {
    names.isEmpty ? "" : "TensorBoard's files have " + names.map { "\($1) (\($0))" }.sorted().joined(separator: ", ")
  }

  mutating func reports(isLast: Bool) throws -> [ProgramReport] {
    var found: [(name: String, step: Int, value: Double, time: Double)] = []
    var restarts: [EventFile.Restart] = []
    for name in eventFiles() {
      var file = files[name] ?? File(path: "\(folder)/\(name)", offset: 0)
      let split = Self.split(ofFolder: name)
      while let event = try read(&file, isLast: isLast) {
        restarts += event.restarts
        for scalar in event.scalars {
          guard let value = Double(scalar.text), let metric = metric(of: scalar.tag, split: split) else { continue }
          found.append((metric, scalar.step, value, scalar.time))
        }
      }
      if isLast, file.offset < Self.size(file.path) {
        notes.append("TensorBoard's file \(name) ends within a record, which is left out")
      }
      files[name] = file
    }
    // Of several files, the one that was written later counts.
    found.sort { ($0.time, $0.step) < ($1.time, $1.step) }
    for restart in restarts {
      latest = latest.filter { $0.value.step < restart.step || $0.value.time > restart.time }
    }
    var epochs: [Int: [String: Double]] = [:]
    firstStep = firstStep ?? found.map(\.step).min()
    for entry in found {
      if entry.time >= latest[entry.name]?.time ?? -.infinity {
        latest[entry.name] = Latest(value: entry.value, step: entry.step, time: entry.time)
      }
      guard isEpoch(entry.name, step: entry.step) else { continue }
      epochs[entry.step - (firstStep == 0 ? 0 : 1), default: [:]][entry.name] = entry.value
    }
    defer { notes = [] }
    return notes.map(ProgramReport.message)
      + epochs.sorted { $0.key < $1.key }.map { .epoch($0.key, $0.value) }
      + (isLast && !latest.isEmpty ? [.final(latest.mapValues(\.value))] : [])
  }

  /// Whether a step of a metric is kept as an epoch.
  private mutating func isEpoch(_ name: String, step: Int) -> Bool {
    guard step >= 0, step > 0 || firstStep == 0 else { return false }
    stepCounts[name, default: 0] += 1
    if stepCounts[name] == Self.mostSteps + 1 {
      notes.append(
        "TensorBoard's files have \(name) of more than \(Self.mostSteps) steps: of later ones, only the last value is kept"
      )
    }
    return stepCounts[name, default: 0] <= Self.mostSteps
  }

  // MARK: Files

  /// The event files below the folder, by their paths from there.
  private func eventFiles() -> [String] {
    let names = FileManager.default.enumerator(atPath: folder)?.lazy.compactMap { $0 as? String } ?? []
    return names.filter { ($0 as NSString).lastPathComponent.contains("tfevents") }.sorted()
  }

  private static func size(_ path: String) -> UInt64 {
    ((try? FileManager.default.attributesOfItem(atPath: path))?[.size] as? NSNumber)?.uint64Value ?? 0
  }

  /// What a file has that was not read yet; nil where that is nothing.
  private func read(_ file: inout File, isLast: Bool) throws -> EventFile? {
    let size = Self.size(file.path)
    // A file that is shorter than it was, is another one.
    if size < file.offset { file.offset = 0 }
    guard size > file.offset, let handle = FileHandle(forReadingAtPath: file.path) else { return nil }
    defer { try? handle.close() }
    guard (try? handle.seek(toOffset: file.offset)) != nil,
      let data = try? handle.read(upToCount: 256 << 20), !data.isEmpty
    else { return nil }
    do {
      let event = try EventFile(data, file: file.path)
      file.offset += UInt64(event.byteCount)
      return event.byteCount > 0 ? event : nil
    } catch  where !isLast {
      // Another look may find whole what is being written.
      return nil
    }
  }

  // MARK: Names

  /// The metric of a tag; nil where it cannot be one, which is noted once.
  private mutating func metric(of tag: String, split: String?) -> String? {
    let whole = split.map { "\($0)/\(tag)" } ?? tag
    if let known = names[whole] { return known }
    guard !leftOut.contains(whole) else { return nil }
    let name = tags[whole] ?? tags[tag] ?? Self.name(of: whole)
    if !MetricName.isReportable(name) || ProgramReport.isReserved(name) {
      notes.append("TensorBoard's files have the tag \(whole), which cannot be the name of a metric; it is left out")
      leftOut.insert(whole)
      return nil
    }
    if let other = owners[name] {
      let isDeclared = tags[whole] != nil || tags[tag] != nil
      notes.append(
        "TensorBoard's files have the tags \(other) and \(whole), which are both \(name); \(isDeclared ? other : whole) is left out"
      )
      guard isDeclared else {
        leftOut.insert(whole)
        return nil
      }
      names[other] = nil
      leftOut.insert(other)
      latest[name] = nil
    }
    owners[name] = whole
    names[whole] = name
    return name
  }

  /// The words for splits that a part of a tag or a folder may be, and what labrun calls these.
  private static let splits = [
    "train": "train", "training": "train", "val": "validation", "valid": "validation", "validation": "validation",
    "test": "test", "testing": "test", "eval": "eval", "evaluation": "eval",
  ]

  /// The split that the folder of an event file is called by; nil of other folders.
  private static func split(ofFolder path: String) -> String? {
    path.split(separator: "/").dropLast().lazy.compactMap { splits[$0.lowercased()] == nil ? nil : String($0) }.first
  }

  /// A metric's name of a tag: small letters and digits with `_`; a part that names a split comes first.
  static func name(of tag: String) -> String {
    var parts = tag.split(separator: "/").map { part in
      part.replacing(/([a-z0-9])([A-Z])/) { "\($0.1)_\($0.2)" }.lowercased()
        .replacing(/[^a-z0-9]+/, with: "_").trimmingCharacters(in: CharacterSet(charactersIn: "_"))
    }.filter { !$0.isEmpty }
    if let index = parts.firstIndex(where: { splits[$0] != nil }), let split = splits[parts[index]], parts.count > 1 {
      parts.remove(at: index)
      parts.insert(split, at: 0)
    } else if parts.count == 1, let found = parts[0].wholeMatch(of: /(val|valid|training|testing)_(.+)/),
      let split = splits[String(found.1)]
    {
      parts[0] = "\(split)_\(found.2)"
    }
    return parts.joined(separator: "_")
  }
}
