import CHDF5
import Foundation
import LabCore

/// Follows the links, mappings and external storage of HDF5 data sets from file to file.
///
/// Used within the process's HDF5 lock.
struct HDF5PartSearch {
  /// An open file.
  struct File {
    var identifier: hid_t
    var path: String
  }

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
  /// - Parameter subject: the data set as the first file names it, for messages.
  /// - Returns: its extents; nil where it is not there.
  @discardableResult
  mutating func visit(_ name: String, in file: File, for subject: String, depth: Int) throws -> [Int]? {
    let place = Place(file: file.path, name: name)
    if let known = extents[place] { return known }
    guard depth <= Self.greatestDepth, extents.count < Self.greatestPartCount else {
      throw DataError.malformedFile(
        path: files[0], actual: "links \(subject) over more than \(Self.greatestDepth) files or to too many parts",
        expected: "data in at most \(Self.greatestPartCount) parts, without links in a circle")
    }
    // Entered before it is followed, so that a circle ends.
    extents[place] = .some(nil)
    let found = try followed(name, in: file, for: subject, depth: depth)
    extents[place] = .some(found)
    return found
  }

  // MARK: Links

  private mutating func followed(_ name: String, in file: File, for subject: String, depth: Int) throws -> [Int]? {
    let components = name.split(separator: "/").map(String.init)
    for index in components.indices {
      let prefix = "/" + components[...index].joined(separator: "/")
      let rest = components[(index + 1)...]
      var size = 0
      switch Int(labH5LinkKind(file.identifier, prefix, &size)) {
      case labH5HardLink: continue
      case labH5SoftLink:
        guard let value = linkValue(prefix, size, file) else { return nil }
        let target = String(decoding: value.prefix { $0 != 0 }, as: UTF8.self)
        let start = target.hasPrefix("/") ? [target] : Array(components[..<index]) + [target]
        return try visit((start + rest).joined(separator: "/"), in: file, for: subject, depth: depth + 1)
      case labH5ExternalLink:
        guard let value = linkValue(prefix, size, file) else { return nil }
        // A byte of version and flags, the file's name and the path within it.
        let texts = value.dropFirst().split(separator: 0, omittingEmptySubsequences: false)
        guard texts.count >= 2 else { return nil }
        let target = ([String(decoding: texts[1], as: UTF8.self)] + rest).joined(separator: "/")
        let fileName = String(decoding: texts[0], as: UTF8.self)
        return try visit(target, ofFile: fileName, from: file, by: Self.linkPrefix, for: subject, depth: depth) {
          "links \(subject) to \($0)"
        }
      default: return nil
      }
    }
    return try dataset(name, in: file, for: subject, depth: depth)
  }

  private func linkValue(_ name: String, _ size: Int, _ file: File) -> [UInt8]? {
    guard (1...1 << 16).contains(size) else { return nil }
    var value = [UInt8](repeating: 0, count: size)
    return H5Lget_val(file.identifier, name, &value, size, labH5Default()) >= 0 ? value : nil
  }

  /// Looks at a data set of another file, whose absence is noted in the words of `problem`.
  ///
  /// - Parameter variable: the environment variable of the folders where HDF5 looks first.
  private mutating func visit(
    _ name: String, ofFile fileName: String, from file: File, by variable: String, for subject: String, depth: Int,
    problem: (String) -> String
  ) throws -> [Int]? {
    guard fileName != "." else {
      let found = try visit(name, in: file, for: subject, depth: depth + 1)
      if found == nil { note("\(problem("\(name) of itself")), which is not there") }
      return found
    }
    let candidates = Self.candidates(fileName, from: file.path, variable: variable)
    guard let path = candidates.first(where: { H5Fis_hdf5($0) > 0 }) else {
      note("\(problem(fileName)), which is not there or is no HDF5 file")
      return nil
    }
    let other = H5Fopen(path, labH5ReadOnly(), labH5Default())
    guard other >= 0 else {
      note("\(problem(fileName)), which is damaged")
      return nil
    }
    defer { H5Fclose(other) }
    add(path)
    let found = try visit(name, in: File(identifier: other, path: path), for: subject, depth: depth + 1)
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

  private mutating func dataset(_ name: String, in file: File, for subject: String, depth: Int) throws -> [Int]? {
    let dataset = H5Dopen2(file.identifier, name, labH5Default())
    guard dataset >= 0 else { return nil }
    defer { H5Dclose(dataset) }
    let properties = H5Dget_create_plist(dataset)
    guard properties >= 0 else { return nil }
    defer { H5Pclose(properties) }
    if H5Pget_layout(properties) == H5D_VIRTUAL {
      try mappings(properties, of: dataset, in: file, for: subject, depth: depth)
    } else if H5Pget_external_count(properties) > 0 {
      try externalStorage(properties, of: dataset, in: file, for: subject)
    }
    return Self.extents(of: dataset)
  }

  private static func extents(of dataset: hid_t) -> [Int] {
    let space = H5Dget_space(dataset)
    defer { H5Sclose(space) }
    var extents = [hsize_t](repeating: 0, count: max(0, Int(H5Sget_simple_extent_ndims(space))))
    H5Sget_simple_extent_dims(space, &extents, nil)
    return extents.map { Int(clamping: $0) }
  }

  /// The sources of a virtual data set.
  private mutating func mappings(
    _ properties: hid_t, of dataset: hid_t, in file: File, for subject: String, depth: Int
  ) throws {
    var count = 0
    guard H5Pget_virtual_count(properties, &count) >= 0, count <= Self.greatestPartCount else {
      throw DataError.malformedFile(
        path: file.path, actual: "puts \(subject) together from \(count) parts",
        expected: "at most \(Self.greatestPartCount)")
    }
    var mapped: UInt64? = 0
    for index in 0..<count {
      let fileName = Self.text { H5Pget_virtual_filename(properties, index, $0, $1) }
      let name = Self.text { H5Pget_virtual_dsetname(properties, index, $0, $1) }
      guard let fileName, let name else { continue }
      let target = H5Pget_virtual_vspace(properties, index)
      let source = H5Pget_virtual_srcspace(properties, index)
      defer {
        H5Sclose(target)
        H5Sclose(source)
      }
      // A negative number of points is one without end.
      let points = H5Sget_select_npoints(target)
      mapped = points >= 0 ? mapped.map { $0 &+ UInt64(points) } : nil
      let isPattern = fileName.contains("%b") || name.contains("%b")
      for block in 0..<Self.greatestPartCount {
        func numbered(_ text: String) -> String { text.replacingOccurrences(of: "%b", with: "\(block)") }
        let known = missing
        let found = try visit(
          numbered(name), ofFile: numbered(fileName), from: file, by: Self.mappingPrefix, for: subject, depth: depth
        ) { "takes a part of \(subject) from \($0)" }
        guard isPattern else {
          if let found { check(found, against: source, taking: points, fileName, subject) }
          break
        }
        guard found == nil else { continue }
        // A pattern stands for as many blocks as there are, and the data set's extents end with the last.
        if block > 0 { missing = known }
        break
      }
    }
    let total = Self.extents(of: dataset).reduce(UInt64(1)) { $0 &* UInt64($1) }
    if let mapped, mapped < total {
      note("has a source for only \(mapped) of the \(total) values of \(subject)")
    }
  }

  /// Notes a source that is smaller than what is taken from it.
  private mutating func check(
    _ extents: [Int], against source: hid_t, taking points: Int64, _ fileName: String, _ subject: String
  ) {
    let available = extents.reduce(UInt64(1)) { $0 &* UInt64($1) }
    var isTooSmall = points > 0 && UInt64(points) > available
    let rank = Int(H5Sget_simple_extent_ndims(source))
    if rank == extents.count, rank > 0, H5Sget_select_type(source) != H5S_SEL_ALL, H5Sget_select_npoints(source) > 0 {
      var (first, last) = ([hsize_t](repeating: 0, count: rank), [hsize_t](repeating: 0, count: rank))
      let isBounded = H5Sget_select_bounds(source, &first, &last) >= 0
      isTooSmall = isTooSmall || isBounded && zip(last, extents).contains { $0 >= hsize_t($1) }
    }
    guard isTooSmall else { return }
    note("takes more of \(subject) from \(fileName) than the extents \(extents) there")
  }

  /// The raw files of a data set.
  private mutating func externalStorage(
    _ properties: hid_t, of dataset: hid_t, in file: File, for subject: String
  ) throws {
    let type = H5Dget_type(dataset)
    defer { H5Tclose(type) }
    var needed = Self.extents(of: dataset).reduce(UInt64(H5Tget_size(type))) { $0 &* UInt64($1) }
    for index in 0..<UInt32(H5Pget_external_count(properties)) {
      let room = 4096
      var name = [CChar](repeating: 0, count: room)
      var offset = off_t(0)
      var size = hsize_t(0)
      guard H5Pget_external(properties, index, room - 1, &name, &offset, &size) >= 0 else { continue }
      let fileName = String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
      // Relative names start from the working folder, unless this variable says where.
      let prefix = ProcessInfo.processInfo.environment["HDF5_EXTFILE_PREFIX"] ?? ""
      let path =
        fileName.hasPrefix("/") || prefix.isEmpty || prefix == "."
        ? fileName : prefix.replacingOccurrences(of: "${ORIGIN}", with: Self.folder(of: file.path)) + "/" + fileName
      let taken = min(needed, size)
      needed -= taken
      guard taken > 0 else { continue }
      guard let attributes = try? FileManager.default.attributesOfItem(atPath: path) else {
        note("keeps \(subject) in \(path), which is not there (relative names start from the working folder)")
        continue
      }
      add(path)
      let present = (attributes[.size] as? NSNumber)?.uint64Value ?? 0
      let start = UInt64(max(0, offset))
      if present < start || present - start < taken {
        note("keeps \(taken) bytes of \(subject) in \(path) from byte \(start), which has only \(present) bytes")
      }
    }
    if needed > 0 { note("has no file for the last \(needed) bytes of \(subject)") }
  }

  private static func text(_ read: (UnsafeMutablePointer<CChar>?, Int) -> Int) -> String? {
    let length = read(nil, 0)
    guard (0...1 << 16).contains(length) else { return nil }
    let room = length + 1
    var buffer = [CChar](repeating: 0, count: room)
    guard read(&buffer, room) >= 0 else { return nil }
    return String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}
