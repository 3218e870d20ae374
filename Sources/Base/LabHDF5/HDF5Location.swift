import CHDF5

/// What names and paths of objects start from: a file, which stands for its root group, or a group.
package protocol HDF5Location: ~Copyable {
  /// The library's number of the open object, which is good as long as that is open.
  var identifier: Int64 { get }
}

/// A name of a group, and what it leads to.
package enum HDF5Link: Equatable {
  /// An object of the same file.
  case hard
  /// Another path of the same file.
  case soft(path: String)
  /// A path of another file.
  case external(file: String, path: String)
}

/// An object behind a name.
package enum HDF5Object: ~Copyable {
  case group(HDF5Group)
  case dataset(HDF5Dataset)
  /// A named type, or something of a later version of the format.
  case other
}

// MARK: Links

/// The names that a visit of links has come by.
private struct LinkVisit {
  var names: [String] = []
  var limit: Int
  var hardOnly: Bool
}

extension HDF5Location where Self: ~Copyable {
  /// Whether there is a link of that name.
  package func hasLink(_ name: String) -> Bool { H5Lexists(identifier, name, labH5Default()) > 0 }

  /// The names of the links in the order of the names.
  ///
  /// - Parameters:
  ///   - limit: how many are given at most.
  ///   - hardOnly: whether to leave out soft and external links, which could lead out of the file.
  /// - Throws: ``HDF5Failure``.
  package func linkNames(atMost limit: Int, hardOnly: Bool = false) throws -> [String] {
    var visit = LinkVisit(limit: limit, hardOnly: hardOnly)
    let status = withUnsafeMutablePointer(to: &visit) { visit in
      labH5VisitLinks(
        identifier,
        { name, isHard, context in
          guard let name, let visit = context?.assumingMemoryBound(to: LinkVisit.self) else { return 1 }
          if isHard != 0 || !visit.pointee.hardOnly { visit.pointee.names.append(String(cString: name)) }
          return visit.pointee.names.count < visit.pointee.limit ? 0 : 1
        }, visit)
    }
    try checkHDF5(status, "list a group")
    return visit.names
  }

  /// What the link of a name, or of a path, leads to; nil where there is none, or none that can be followed.
  package func link(_ name: String) -> HDF5Link? {
    var size = 0
    let kind = Int(labH5LinkKind(identifier, name, &size))
    if kind == labH5HardLink { return .hard }
    guard kind == labH5SoftLink || kind == labH5ExternalLink, (1...1 << 16).contains(size) else { return nil }
    var value = [UInt8](repeating: 0, count: size)
    guard H5Lget_val(identifier, name, &value, size, labH5Default()) >= 0 else { return nil }
    if kind == labH5SoftLink { return .soft(path: String(decoding: value.prefix { $0 != 0 }, as: UTF8.self)) }
    // A byte of version and flags, the file's name and the path within it.
    let texts = value.dropFirst().split(separator: 0, omittingEmptySubsequences: false)
    guard texts.count >= 2 else { return nil }
    return .external(file: String(decoding: texts[0], as: UTF8.self), path: String(decoding: texts[1], as: UTF8.self))
  }
}

// MARK: Objects

extension HDF5Location where Self: ~Copyable {
  /// Opens what stands behind a name, or a path.
  ///
  /// - Throws: ``HDF5Failure``.
  package func object(_ name: String) throws -> HDF5Object {
    let handle = try HDF5Handle(
      H5Oopen(identifier, name, labH5Default()), closedBy: H5Oclose, "open \"\(name)\"")
    switch H5Iget_type(handle.id) {
    case H5I_GROUP: return .group(HDF5Group(handle, name: name))
    case H5I_DATASET: return .dataset(HDF5Dataset(handle, name: name))
    default: return .other
    }
  }

  /// Opens the group of a name, or of a path.
  ///
  /// - Throws: ``HDF5Failure``.
  package func group(_ name: String) throws -> HDF5Group {
    HDF5Group(
      try HDF5Handle(
        H5Gopen2(identifier, name, labH5Default()), closedBy: H5Gclose,
        name == "/" ? "open the root group" : "open the group \"\(name)\""),
      name: name)
  }

  /// Creates a group.
  ///
  /// - Throws: ``HDF5Failure``.
  package func createGroup(_ name: String) throws -> HDF5Group {
    HDF5Group(
      try HDF5Handle(
        H5Gcreate2(identifier, name, labH5Default(), labH5Default(), labH5Default()), closedBy: H5Gclose,
        "create the group \"\(name)\""),
      name: name)
  }

  /// Opens the data set of a name, or of a path.
  ///
  /// - Throws: ``HDF5Failure``.
  package func dataset(_ name: String) throws -> HDF5Dataset {
    HDF5Dataset(
      try HDF5Handle(H5Dopen2(identifier, name, labH5Default()), closedBy: H5Dclose, "open the dataset \"\(name)\""),
      name: name)
  }

  /// Creates a data set of numbers.
  ///
  /// - Parameter extents: the extents; none for a single number.
  /// - Throws: ``HDF5Failure``.
  package func createDataset(_ name: String, _ number: HDF5Number, _ extents: [Int]) throws -> HDF5Dataset {
    try createDataset(name, number.inFile, extents)
  }

  /// Creates a data set of texts.
  ///
  /// - Throws: ``HDF5Failure``.
  package func writeTexts(_ name: String, _ texts: [String]) throws {
    let label = "the dataset \"\(name)\""
    guard !texts.contains(where: { $0.utf8.contains(0) }) else {
      throw HDF5Failure("write \(label)", problem: "it contains a zero character")
    }
    let type = try textType(label)
    let dataset = try createDataset(name, type.id, [texts.count])
    if !texts.isEmpty {
      var starts: [Int] = []
      var characters: [CChar] = []
      for text in texts {
        starts.append(characters.count)
        characters += text.utf8CString
      }
      let status = characters.withUnsafeBufferPointer { characters in
        H5Dwrite(
          dataset.identifier, type.id, labH5All(), labH5All(), labH5Default(),
          starts.map { characters.baseAddress! + $0 })
      }
      try checkHDF5(status, "write \(label)")
    }
    try dataset.close()
  }

  private func createDataset(_ name: String, _ type: hid_t, _ extents: [Int]) throws -> HDF5Dataset {
    let space = try HDF5Space(extents, "describe the dataset \"\(name)\"")
    // Without the time of creation, equal content makes equal files.
    let properties = try HDF5Handle(H5Pcreate(labH5DatasetCreate()), closedBy: H5Pclose, "create a property list")
    try checkHDF5(H5Pset_obj_track_times(properties.id, false), "leave out the times of the dataset \"\(name)\"")
    return HDF5Dataset(
      try HDF5Handle(
        H5Dcreate2(identifier, name, type, space.id, labH5Default(), properties.id, labH5Default()),
        closedBy: H5Dclose, "create the dataset \"\(name)\""),
      name: name)
  }

  /// Text of variable length, which may exceed the 64 KB of an object header, and which Python reads as text.
  func textType(_ label: String) throws -> HDF5Handle {
    let type = try HDF5Handle(H5Tcopy(labH5CString()), closedBy: H5Tclose, "describe \(label)")
    try checkHDF5(H5Tset_size(type.id, labH5VariableLength()), "describe \(label)")
    try checkHDF5(H5Tset_cset(type.id, H5T_CSET_UTF8), "describe \(label)")
    return type
  }
}
