import Foundation
import LabCore

/// Folders of event files: a folder a run.
struct TensorBoardImport: ImportFormat {
  let name = "tensorboard"
  let summary = "a folder of TensorBoard's event files, with a folder a run: its scalars and hyperparameters"

  func read(_ path: String) throws -> ImportTable {
    let runs = try EventFolder(path).runs
    let name = (path as NSString).lastPathComponent
    guard !runs.isEmpty else {
      throw ExchangeError.content(file: path, problem: "has no event file (…tfevents…) with scalars")
    }
    let hash = ContentHash(of: runs.map { "\($0.path)\u{0}\($0.hash)" }.joined(separator: "\u{0}"))
    let parameters = Self.uniqued(runs.flatMap { $0.parameters.map(\.name) })
    // Where runs do not say what they are, their folders do.
    let usesFolders = !parameters.contains { $0 != "seed" }
    let seeds = parameters.contains("seed") ? nil : runs.map(\.seed)
    var columns = [ImportTable.Column(header: "run", name: "run", hint: .bookkeeping("it names the run's folder"))]
    if usesFolders { columns.append(.init(header: "folder", name: "variant", hint: .factor)) }
    columns += parameters.map { .init(header: $0, name: $0, hint: $0 == "seed" ? .unknown : .parameter) }
    if seeds != nil { columns.append(.init(header: "seed", name: "seed")) }
    let leading = runs.indices.map { index in
      [runs[index].path] + (usesFolders ? [runs[index].variant] : [])
        + parameters.map { name in runs[index].parameters.last { $0.name == name }?.text ?? "" }
        + (seeds.map { [$0[index] ?? ""] } ?? [])
    }
    let finals = Self.uniqued(runs.flatMap { $0.scalars.map(\.tag) }.filter { $0.hasPrefix("final/") })
    let tags = Self.uniqued(runs.flatMap { $0.scalars.map(\.tag) }.filter { !$0.hasPrefix("final/") })
    let remarks = runs.flatMap(\.remarks)
    let courses = ImportTable(
      file: name, sha256: hash,
      columns: columns + [.init(header: "step", name: "step")]
        + tags.map { .init(header: $0, name: $0, hint: .metric) },
      rows: runs.indices.flatMap { Self.rows(of: runs[$0], tags: tags, leading: leading[$0]) }, remarks: remarks)
    guard !finals.isEmpty else { return courses }
    // labrun's own export keeps results apart from the last epoch's numbers.
    return ImportTable(
      file: name, sha256: hash,
      columns: columns + finals.map { .init(header: $0, name: String($0.dropFirst(6)), hint: .metric) },
      rows: runs.indices.map { index in
        .init(
          line: index + 1,
          cells: leading[index] + finals.map { tag in runs[index].scalars.last { $0.tag == tag }?.text ?? "" })
      }, remarks: remarks, courses: courses.rows.isEmpty ? nil : [courses])
  }

  /// A row a step at which a run has a number.
  private static func rows(of run: EventFolder.Run, tags: [String], leading: [String]) -> [ImportTable.Row] {
    var values: [Int: [String: String]] = [:]
    for scalar in run.scalars where !scalar.tag.hasPrefix("final/") {
      values[scalar.step, default: [:]][scalar.tag] = scalar.text
    }
    return values.sorted { $0.key < $1.key }.enumerated().map { index, entry in
      .init(line: index + 1, cells: leading + ["\(entry.key)"] + tags.map { entry.value[$0] ?? "" })
    }
  }

  private static func uniqued(_ names: [String]) -> [String] {
    var seen: Set<String> = []
    return names.filter { seen.insert($0).inserted }
  }
}

/// The runs below a folder.
struct EventFolder {
  /// A folder with event files.
  struct Run {
    /// Its path below the folder; `.` for the folder itself.
    var path: String
    var hash: String
    var scalars: [EventFile.Scalar] = []
    var parameters: [(name: String, text: String)] = []
    var remarks: [String] = []

    /// The part of the path that is a seed, such as `seed-3` or `seed=3`; nil where none is.
    private var seedPart: (index: Int, seed: String)? {
      for (index, part) in parts.enumerated() {
        if let match = part.wholeMatch(of: /(?i)(?:.*[^a-z])?seed[-_=]?(\d+)/) {
          return (index, String(match.output.1))
        }
      }
      return nil
    }
    private var parts: [String] { path.split(separator: "/").map(String.init) }

    /// The seed that the path names.
    var seed: String? { seedPart?.seed }

    /// The path without its seed.
    var variant: String {
      guard let found = seedPart else { return path }
      var parts = parts
      let rest = parts[found.index].replacing(/(?i)[-_,. ]*seed[-_=]?\d+$/, with: "")
      if rest.isEmpty { parts.remove(at: found.index) } else { parts[found.index] = rest }
      return parts.isEmpty ? "all" : parts.joined(separator: "/")
    }
  }

  /// The runs in the order of their paths.
  let runs: [Run]

  /// Reads all event files below a folder.
  ///
  /// - Throws: ``ExchangeError``, `FileError`.
  init(_ folder: String) throws {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: folder, isDirectory: &isFolder) else {
      throw FileError(action: "read", path: folder, code: ENOENT)
    }
    guard isFolder.boolValue else {
      throw ExchangeError.content(
        file: folder, problem: "is a file; event files are read from the folder that has a folder a run")
    }
    let names = FileManager.default.enumerator(atPath: folder)?.compactMap { $0 as? String } ?? []
    var found: [String: Run] = [:]
    for name in names.sorted() where (name as NSString).lastPathComponent.contains("tfevents") {
      guard let data = try SizedFile.contents(of: "\(folder)/\(name)", atMost: DelimitedText.largestFile) else {
        throw ExchangeError.content(file: name, problem: "has more than \(DelimitedText.largestFile >> 20) MiB")
      }
      let file = try EventFile(data, file: name)
      let parent = (name as NSString).deletingLastPathComponent
      let path = parent.isEmpty ? "." : parent
      var run = found[path] ?? Run(path: path, hash: "")
      run.hash = ContentHash(of: run.hash + ContentHash(of: data).hexadecimal).hexadecimal
      run.scalars += file.scalars
      run.parameters += file.parameters
      if file.isCutOff {
        run.remarks.append("\(name) ends within a record, as that of a program that is still writing.")
      }
      if !file.others.isEmpty {
        let tags = file.others.keys.sorted()
        run.remarks.append("Left out of \(name), since they are no numbers: \(tags.joined(separator: ", ")).")
      }
      found[path] = run
    }
    runs = found.values.filter { !$0.scalars.isEmpty }.sorted { $0.path < $1.path }
  }
}
