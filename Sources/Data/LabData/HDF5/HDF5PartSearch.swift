import Foundation
import LabCore
import LabHDF5

/// Follows the links, mappings and external storage of HDF5 data sets from file to file.
///
/// Used within the process's HDF5 lock.
struct HDF5PartSearch {
  /// One data set, wherever it is named.
  private struct Place: Hashable {
    var file: String
    var name: String
  }

  /// The files that were found.
  private(set) var files: [String]
  /// What was not.
  private(set) var missing: [String] = []
  /// The extents of each data set that was looked at; nil for one that is not there.
  private var extents: [Place: [Int]?] = [:]

  /// Links of links, and virtual data sets of virtual data sets, deeper than anybody makes them.
  private static let greatestDepth = 32
  /// Where HDF5 looks for the files of links and of mappings before anywhere else.
  private static let (linkPrefix, mappingPrefix) = ("HDF5_EXT_PREFIX", "HDF5_VDS_PREFIX")
  /// More parts than one data set can be expected to have.
  private static let greatestPartCount = 65_536

  init(path: String) { files = [path] }

  /// Looks at a data set by its path within a file.
  ///
  /// - Parameters:
  ///   - path: the file's path.
  ///   - subject: the data set as the first file names it, for messages.
  /// - Returns: its extents; nil where it is not there.
  @discardableResult
  mutating func visit(
    _ name: String, in file: borrowing HDF5File, at path: String, for subject: String, depth: Int
  ) throws -> [Int]? {
    let place = Place(file: path, name: name)
    if let known = extents[place] { return known }
    guard depth <= Self.greatestDepth, extents.count < Self.greatestPartCount else {
      throw DataError.malformedFile(
        path: files[0], actual: "links \(subject) over more than \(Self.greatestDepth) files or to too many parts",
        expected: "data in at most \(Self.greatestPartCount) parts, without links in a circle")
    }
    // Entered before it is followed, so that a circle ends.
    extents[place] = .some(nil)
    let found = try followed(name, in: file, at: path, for: subject, depth: depth)
    extents[place] = .some(found)
    return found
  }

  // MARK: Links

  private mutating func followed(
    _ name: String, in file: borrowing HDF5File, at path: String, for subject: String, depth: Int
  ) throws -> [Int]? {
    let components = name.split(separator: "/").map(String.init)
    for index in components.indices {
      let rest = components[(index + 1)...]
      switch file.link("/" + components[...index].joined(separator: "/")) {
      case .hard: continue
      case .soft(let target):
        let start = target.hasPrefix("/") ? [target] : Array(components[..<index]) + [target]
        return try visit(
          (start + rest).joined(separator: "/"), in: file, at: path, for: subject, depth: depth + 1)
      case .external(let fileName, let target):
        return try visit(
          ([target] + rest).joined(separator: "/"), ofFile: fileName, from: file, at: path, by: Self.linkPrefix,
          for: subject, depth: depth
        ) { "links \(subject) to \($0)" }
      case nil: return nil
      }
    }
    return try dataset(name, in: file, at: path, for: subject, depth: depth)
  }

  /// Looks at a data set of another file, whose absence is noted in the words of `problem`.
  ///
  /// - Parameter variable: the environment variable of the folders where HDF5 looks first.
  private mutating func visit(
    _ name: String, ofFile fileName: String, from file: borrowing HDF5File, at path: String, by variable: String,
    for subject: String, depth: Int, problem: (String) -> String
  ) throws -> [Int]? {
    guard fileName != "." else {
      let found = try visit(name, in: file, at: path, for: subject, depth: depth + 1)
      if found == nil { note("\(problem("\(name) of itself")), which is not there") }
      return found
    }
    let candidates = Self.candidates(fileName, from: path, variable: variable)
    guard let otherPath = candidates.first(where: HDF5File.isHDF5) else {
      note("\(problem(fileName)), which is not there or is no HDF5 file")
      return nil
    }
    guard let other = try? HDF5File(reading: otherPath) else {
      note("\(problem(fileName)), which is damaged")
      return nil
    }
    add(otherPath)
    let found = try visit(name, in: other, at: otherPath, for: subject, depth: depth + 1)
    // What a link does not lead to is not there at all, which reading says; a mapping would give zeros in its place.
    if found == nil, variable == Self.mappingPrefix { note("\(problem(fileName)), which has no data set \(name)") }
    return found
  }

  /// Where HDF5 looks for another file, in its order (`H5F_prefix_open_file` of its sources).
  private static func candidates(_ name: String, from file: String, variable: String) -> [String] {
    var candidates: [String] = []
    var relative = name
    if name.hasPrefix("/") {
      candidates.append(name)
      relative = (name as NSString).lastPathComponent
    }
    for prefix in ProcessInfo.processInfo.environment[variable]?.split(separator: ":") ?? [] {
      candidates.append(prefix.replacingOccurrences(of: "${ORIGIN}", with: folder(of: file)) + "/" + relative)
    }
    candidates += ["\(folder(of: file))/\(relative)", relative]
    candidates.append(folder(of: URL(fileURLWithPath: file).resolvingSymlinksInPath().path) + "/" + relative)
    return candidates
  }

  private static func folder(of path: String) -> String {
    let folder = (path as NSString).deletingLastPathComponent
    return folder.isEmpty ? "." : folder
  }

  private mutating func add(_ path: String) { if !files.contains(path) { files.append(path) } }

  private mutating func note(_ problem: String) { if !missing.contains(problem) { missing.append(problem) } }

  // MARK: Data sets

  private mutating func dataset(
    _ name: String, in file: borrowing HDF5File, at path: String, for subject: String, depth: Int
  ) throws -> [Int]? {
    guard let dataset = try? file.dataset(name), let storage = try? dataset.storage(),
      let extents = try? dataset.claimedExtents(), let type = try? dataset.elementType()
    else { return nil }
    switch storage.kind {
    case .own: break
    case .mapped: try checkMappings(storage, of: extents, in: file, at: path, for: subject, depth: depth)
    case .external:
      checkPieces(storage, holding: extents.reduce(UInt64(type.byteCount)) { $0 &* UInt64($1) }, of: path, for: subject)
    }
    return extents
  }

  /// Looks at the sources of a virtual data set.
  private mutating func checkMappings(
    _ storage: borrowing HDF5Storage, of extents: [Int], in file: borrowing HDF5File, at path: String,
    for subject: String, depth: Int
  ) throws {
    guard storage.partCount <= Self.greatestPartCount else {
      throw DataError.malformedFile(
        path: path, actual: "puts \(subject) together from \(storage.partCount) parts",
        expected: "at most \(Self.greatestPartCount)")
    }
    var mapped: UInt64? = 0
    for index in 0..<storage.partCount {
      guard let mapping = storage.mapping(index) else { continue }
      mapped = mapping.elementCount.flatMap { count in mapped.map { $0 &+ count } }
      let isPattern = mapping.file.contains("%b") || mapping.name.contains("%b")
      for block in 0..<Self.greatestPartCount {
        func numbered(_ text: String) -> String { text.replacingOccurrences(of: "%b", with: "\(block)") }
        let known = missing
        let found = try visit(
          numbered(mapping.name), ofFile: numbered(mapping.file), from: file, at: path, by: Self.mappingPrefix,
          for: subject, depth: depth
        ) { "takes a part of \(subject) from \($0)" }
        guard isPattern else {
          if let found, Self.exceeds(found, mapping) {
            note("takes more of \(subject) from \(mapping.file) than the extents \(found) there")
          }
          break
        }
        guard found == nil else { continue }
        // A pattern stands for as many blocks as there are, and the data set's extents end with the last.
        if block > 0 { missing = known }
        break
      }
    }
    let total = extents.reduce(UInt64(1)) { $0 &* UInt64($1) }
    if let mapped, mapped < total {
      note("has a source for only \(mapped) of the \(total) values of \(subject)")
    }
  }

  /// Whether a source is smaller than what is taken from it.
  private static func exceeds(_ extents: [Int], _ mapping: HDF5Storage.Mapping) -> Bool {
    let available = extents.reduce(UInt64(1)) { $0 &* UInt64($1) }
    if let count = mapping.elementCount, count > available { return true }
    guard let last = mapping.greatestIndices, last.count == extents.count else { return false }
    return zip(last, extents).contains { $0 >= UInt64($1) }
  }

  /// Looks at the raw files of a data set.
  ///
  /// - Parameter byteCount: how many bytes they have to hold.
  private mutating func checkPieces(
    _ storage: borrowing HDF5Storage, holding byteCount: UInt64, of path: String, for subject: String
  ) {
    var needed = byteCount
    for index in 0..<storage.partCount {
      guard let piece = storage.piece(index) else { continue }
      // Relative names start from the working folder, unless this variable says where.
      let prefix = ProcessInfo.processInfo.environment["HDF5_EXTFILE_PREFIX"] ?? ""
      let place =
        piece.file.hasPrefix("/") || prefix.isEmpty || prefix == "."
        ? piece.file : prefix.replacingOccurrences(of: "${ORIGIN}", with: Self.folder(of: path)) + "/" + piece.file
      let taken = min(needed, piece.byteCount)
      needed -= taken
      guard taken > 0 else { continue }
      guard let attributes = try? FileManager.default.attributesOfItem(atPath: place) else {
        note("keeps \(subject) in \(place), which is not there (relative names start from the working folder)")
        continue
      }
      add(place)
      let present = (attributes[.size] as? NSNumber)?.uint64Value ?? 0
      let start = UInt64(max(0, piece.offset))
      if present < start || present - start < taken {
        note("keeps \(taken) bytes of \(subject) in \(place) from byte \(start), which has only \(present) bytes")
      }
    }
    if needed > 0 { note("has no file for the last \(needed) bytes of \(subject)") }
  }
}
