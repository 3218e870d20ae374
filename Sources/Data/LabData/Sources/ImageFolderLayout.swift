import Foundation
import LabCore

/// Which folders of a data set hold the classes of which part.
struct ImageFolderLayout {
  let root: String
  /// The folder of each part within the root; an empty one is the root itself.
  private(set) var folders: [SplitName: String] = [:]
  /// Folders beside the classes that are no classes.
  private(set) var excludedClasses: Set<String> = []
  /// The files that lie outside the parts' folders.
  private(set) var account = FileAccount()
  /// What is odd about the folders.
  private(set) var findings: [Finding] = []
  /// Why there are no test images, where a folder looks as if it had some.
  private(set) var lackOfTest: String?

  private let options: ImageFolderOptions
  /// The folders around the parts, each with a slash behind it.
  private var wrapper = ""

  /// Finds the parts' folders.
  ///
  /// - Throws: ``DataError`` where folders can be understood in several ways.
  init(root: String, options: ImageFolderOptions) throws {
    self.root = root
    self.options = options
    let explicit = Explicit(options)
    var level = try Level(root)
    // Archives are often unpacked into a folder of their own, or two.
    while explicit.mayBeWithin(level), wrapper.filter({ $0 == "/" }).count < 3, let inner = try level.wrapped() {
      try addBeside(level, used: [inner])
      wrapper += inner + "/"
      level = try Level("\(root)/\(wrapper.dropLast())")
    }
    try explicit.check(in: level)
    if explicit.isSideBySide {
      try takeSideBySide(level, explicit)
    } else if !explicit.names.isEmpty || level.hasParts {
      try takeParts(level, explicit)
    } else {
      try checkSideBySide(level)
      folders[.train] = String(wrapper.dropLast())
    }
  }

  /// The path of a part's folder.
  func path(of split: SplitName) -> String {
    guard let folder = folders[split], !folder.isEmpty else { return root }
    return "\(root)/\(folder)"
  }

  /// What precedes the names of a part's images.
  func prefix(of split: SplitName) -> String {
    guard let folder = folders[split], !folder.isEmpty else { return "" }
    return folder + "/"
  }

  // MARK: Folders of parts

  private mutating func takeParts(_ level: Level, _ explicit: Explicit) throws {
    var chosen: [SplitName: String] = [:]
    for split in SplitName.allCases { chosen[split] = explicit[split] }
    for split in SplitName.allCases where chosen[split] == nil {
      let free = (level.parts[split] ?? []).filter { !chosen.values.contains($0) }
      chosen[split] = try choose(split, among: free, of: level)
    }
    guard chosen[.train] != nil else {
      let found = chosen.values.sorted()
      throw DataError.malformedFile(
        path: level.path, actual: "has \(Self.list(found)) and no folder of training images",
        expected:
          "a folder \"train\" beside; name another one by \"train_folder\", and \".\" where the classes' folders "
          + "stand side by side")
    }
    for (split, folder) in chosen {
      folders[split] = try wrapper + (level.inner(of: folder, split: split).map { "\(folder)/\($0)" } ?? folder)
    }
    if chosen[.test] == nil { lackOfTest = lack(of: level, validation: chosen[.validation]) }
    for split in SplitName.allCases where folders[split] != nil { try checkForParts(in: path(of: split)) }
    try addBeside(level, used: Set(chosen.values))
  }

  /// The folder of a part among those whose names would fit; nil where there is none.
  private func choose(_ split: SplitName, among names: [String], of level: Level) throws -> String? {
    if let standard = names.first(where: { $0 == Self.standardName(split) }) { return standard }
    guard names.count < 2 else {
      throw DataError.invalidOption(
        key: "\(split.rawValue)_folder", actual: options.value(split).map { "\"\($0)\"" } ?? "null",
        expected: "one of the folders \(Self.list(names)) of \(level.path), each of which may hold the "
          + "\(split.rawValue) images; name one, and merge, move or remove the others")
    }
    return names.first
  }

  /// Why none of the folders serves for testing.
  private func lack(of level: Level, validation: String?) -> String? {
    if let flat = level.folders.first(where: { $0.role == .test && $0.hasImage }) {
      return "the folder \(flat.name) has images, but no folder for each class"
    }
    return validation.map { "the folder \($0) is taken for validation; \"test_folder\": \"\($0)\" would test with it" }
  }

  // MARK: Classes side by side

  private mutating func takeSideBySide(_ level: Level, _ explicit: Explicit) throws {
    folders[.train] = String(wrapper.dropLast())
    for split in [SplitName.validation, .test] {
      guard let folder = try explicit[split] ?? choose(split, among: level.parts[split] ?? [], of: level) else {
        continue
      }
      folders[split] = wrapper + folder
      excludedClasses.insert(folder)
    }
  }

  /// Refuses folders that are parts rather than classes.
  private mutating func checkSideBySide(_ level: Level) throws {
    let flat = level.folders.filter { $0.role != nil && $0.hasImage }
    let others = level.folders.filter { $0.role == nil && $0.hasImage }
    if Set(flat.map(\.role)).count > 1 || (flat.count == 1 && others.isEmpty) {
      throw DataError.malformedFile(
        path: level.path,
        actual: "has images in \(Self.list(flat.map(\.name))), but no folder for each class there",
        expected:
          "a folder for each class in \(flat.count == 1 ? "it" : "each"), or a table of paths and labels (data set "
          + "image-list); \"train_folder\": \".\" takes \(flat.count == 1 ? "it for a class" : "them for classes")")
    }
    for folder in flat {
      findings.append(
        Finding(
          key: FileAccount.key,
          message: "the folder \(folder.name) is taken for a class, though its name is usual for a part of a data set",
          remedy: "Set train_folder to \".\" if it is one; else put a folder for each class into it"))
    }
    for folder in others where folder.hasClasses { try checkForParts(in: "\(level.path)/\(folder.name)") }
  }

  /// Refuses a folder of a class, or of a part, that has parts within.
  private func checkForParts(in folder: String) throws {
    let inner = try Level(folder).folders.filter { $0.role != nil && $0.hasImage }
    guard Set(inner.map(\.role)).count > 1 else { return }
    throw DataError.malformedFile(
      path: folder, actual: "has the parts \(Self.list(inner.map(\.name))) within",
      expected: "the parts outside and the classes' folders within them, such as train/cat and test/cat")
  }

  // MARK: Beside

  /// Accounts for what lies beside the folders that are used.
  private mutating func addBeside(_ level: Level, used: Set<String>) throws {
    let label = wrapper
    let walk = try FolderWalk(level.path, label: label, isDeep: false)
    account.add(walk.account)
    account.add(.unplaced, count: walk.images.count, walk.images.map { label + $0 })
    // Of a part that lies deeper, the outermost folder stands here.
    let used = Set(used.map { String($0.prefix { $0 != "/" }) })
    for folder in level.folders where !used.contains(folder.name) {
      let inner = try FolderWalk("\(level.path)/\(folder.name)", label: "\(label)\(folder.name)/")
      account.add(inner.account)
      if inner.images.isEmpty, inner.account.total == 0 { account.emptyFolders.append(label + folder.name) }
      account.add(.unplaced, count: inner.images.count, inner.images.map { "\(label)\(folder.name)/\($0)" })
    }
  }

  private static func list(_ names: [String]) -> String {
    let quoted = names.map { "\"\($0)\"" }
    return quoted.count < 2
      ? quoted.joined() : quoted.dropLast().joined(separator: ", ") + " and " + quoted[quoted.count - 1]
  }

  private static func standardName(_ split: SplitName) -> String? {
    switch split {
    case .train: ImageFolderOptions.standardTrainFolder
    case .test: ImageFolderOptions.standardTestFolder
    // Two folders of validation images are never told apart by their names.
    case .validation: nil
    }
  }
}

extension ImageFolderOptions {
  /// The folder of a part, as it was given or by default.
  func value(_ split: SplitName) -> String? {
    switch split {
    case .train: trainFolder
    case .validation: validationFolder
    case .test: testFolder
    }
  }
}

extension ImageFolderLayout {
  /// The folders that the options name; a name that is the default may also be found by another spelling.
  private struct Explicit {
    var train: String?
    var validation: String?
    var test: String?

    init(_ options: ImageFolderOptions) {
      func given(_ name: String?, default standard: String?) -> String? {
        guard let name, name != standard, name != "." else { return nil }
        let inner = name.hasPrefix("./") ? name.dropFirst(2) : name[...]
        return String(inner.hasSuffix("/") ? inner.dropLast() : inner)
      }
      train = given(options.trainFolder, default: ImageFolderOptions.standardTrainFolder)
      validation = given(options.validationFolder, default: nil)
      test = given(options.testFolder, default: ImageFolderOptions.standardTestFolder)
      isSideBySide = options.trainFolder == "."
    }

    /// Whether the classes' folders are those of the data set's own folder, whatever their names.
    let isSideBySide: Bool

    /// The folders that are named.
    var names: [String] { [train, validation, test].compactMap(\.self) }

    /// Whether the parts may be in a folder of this one.
    func mayBeWithin(_ level: Level) -> Bool {
      !isSideBySide && (names.isEmpty || names.contains { !ImageFolder.isFolder("\(level.path)/\($0)") })
    }

    subscript(split: SplitName) -> String? {
      switch split {
      case .train: train
      case .validation: validation
      case .test: test
      }
    }

    /// Refuses names that are not there.
    func check(in level: Level) throws {
      for split in SplitName.allCases {
        guard let name = self[split], !ImageFolder.isFolder("\(level.path)/\(name)") else { continue }
        let names = level.folders.map(\.name)
        throw DataError.invalidOption(
          key: "\(split.rawValue)_folder", actual: "\"\(name)\"",
          expected: "a folder in \(level.path)\(NearestName.hint(for: name, among: names)), which has "
            + (names.isEmpty ? "none" : names.prefix(10).joined(separator: ", ") + (names.count > 10 ? ", …" : "")))
      }
    }
  }

  /// The folders in a folder, with what their names and contents say.
  private struct Level {
    struct Folder {
      var name: String
      var role: SplitName?
      /// Whether there is an image in it or below it.
      var hasImage: Bool
      /// Whether there are folders with images in it.
      var hasClasses: Bool
    }

    let path: String
    let folders: [Folder]
    private let hasImage: Bool

    init(_ path: String) throws {
      self.path = path
      let entries = try FolderReader.entries(of: path).filter { !$0.name.isHiddenName }
      hasImage = entries.contains { $0.kind != .folder && FileKind(of: $0, at: "\(path)/\($0.name)") == .image }
      folders = try entries.filter { $0.kind == .folder }.map { entry in
        let folder = "\(path)/\(entry.name)"
        let hasClasses = try FolderReader.entries(of: folder).contains {
          try $0.kind == .folder && !$0.name.isHiddenName && FolderWalk.hasImage("\(folder)/\($0.name)")
        }
        let hasImage = if hasClasses { true } else { try FolderWalk.hasImage(folder) }
        return Folder(
          name: entry.name, role: SplitFolderName.role(of: entry.name), hasImage: hasImage, hasClasses: hasClasses)
      }
    }

    /// The folders that are parts: their names say so, and they hold the folders of classes.
    var parts: [SplitName: [String]] {
      var parts: [SplitName: [String]] = [:]
      for folder in folders where folder.hasClasses {
        if let role = folder.role { parts[role, default: []].append(folder.name) }
      }
      return parts
    }

    var hasParts: Bool { !parts.isEmpty }

    /// The one folder that everything is in, where there is such a folder.
    func wrapped() throws -> String? {
      let used = folders.filter(\.hasImage)
      guard !hasImage, used.count == 1, used[0].hasClasses else { return nil }
      let inner = try Level("\(path)/\(used[0].name)")
      guard !inner.hasImage else { return nil }
      // A folder by a part's name is one, unless there are several parts in it.
      let isWrapper =
        try used[0].role == nil
        ? inner.hasParts || inner.folders.count(where: \.hasImage) > 1 || inner.wrapped() != nil
        : inner.parts.count > 1
      return isWrapper ? used[0].name : nil
    }

    /// The folder within a part's folder that repeats its name and holds all of it.
    func inner(of folder: String, split: SplitName) throws -> String? {
      let inner = try Level("\(path)/\(folder)")
      let used = inner.folders.filter(\.hasImage)
      guard !inner.hasImage, used.count == 1, used[0].hasClasses, used[0].role == split || used[0].name == folder else {
        return nil
      }
      return used[0].name
    }
  }
}
