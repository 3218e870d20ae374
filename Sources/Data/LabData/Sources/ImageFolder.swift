import Foundation
import LabCore

extension DatasetDefinition {
  /// A folder for each class.
  static let imageFolder = DatasetDefinition(
    name: "image-folder",
    summary: "A folder a class with image files, side by side or within folders for training, validation and test.",
    options: ImageFolderOptions.schema
  ) { configuration, environment in
    let options = try ImageFolderOptions(configuration)
    let root = try environment.place(
      of: configuration, content: "the folder that holds the classes' folders",
      remedy: "set \"path\" to a folder with a folder for each class", where: ImageFolder.isFolder)
    var list = try ImageFolder(root: root, options: options).list()
    try list.holdOutTest(share: options.testShare, seed: configuration.subsetSeed, dataset: "image-folder")
    return try ImageFileSource(list, configuration: configuration, policy: options.policy)
  }
}

/// The options of `image-folder`.
struct ImageFolderOptions: DatasetOptions {
  /// The folders of the parts within the data set's folder.
  var trainFolder = standardTrainFolder
  var testFolder = standardTestFolder
  var validationFolder: String?
  /// The share of the images set aside for testing where there is no test folder.
  var testShare: Double?
  /// A regular expression over a file's path whose first group says what the image belongs to.
  var groupPattern: String?
  /// What happens to damaged files.
  var policy = DamagedFilePolicy.fail

  static let standardTrainFolder = "train"
  static let standardTestFolder = "test"

  enum CodingKeys: String, CodingKey, CaseIterable {
    case trainFolder = "train_folder"
    case testFolder = "test_folder"
    case validationFolder = "validation_folder"
    case testShare = "test_share"
    case groupPattern = "group_pattern"
    case policy = "on_corrupt"
  }

  static let testShareField = ConfigurationSchema.Field(
    CodingKeys.testShare.rawValue,
    .optional(.number(.init(0, 1, includesMinimum: false, includesMaximum: false))), default: .null,
    "The share of the images set aside for testing, by subset_seed, where the data have no test images of their own.")

  static let schema = ConfigurationSchema([
    .init(
      CodingKeys.trainFolder.rawValue, .string, default: .string(standardTrainFolder),
      "The folder of the training classes; \"train\" also finds Training, train_set and the like, and where there is none, "
        + "the classes' folders are taken side by side; \".\": the data set's folder itself."),
    .init(
      CodingKeys.testFolder.rawValue, .string, default: .string(standardTestFolder),
      "The folder of the test classes; \"test\" also finds Testing, test_set and the like."),
    .init(
      CodingKeys.validationFolder.rawValue, .optional(.string), default: .null,
      "The folder of the validation classes; null finds validation, val, valid and the like, where there is one."),
    testShareField,
    .init(
      CodingKeys.groupPattern.rawValue, .optional(.string), default: .null,
      "A regular expression over class/file whose first group names what an image belongs to, such as \"(.*)_\"."),
    DamagedFilePolicy.field,
  ])
}

/// Finds the images of a folder for each class.
struct ImageFolder {
  let root: String
  let options: ImageFolderOptions

  static func isFolder(_ path: String) -> Bool { FolderReader.kind(of: path) == .folder }

  /// Lists files by class, in the order of their names.
  func list() throws -> ImageFileList {
    let layout = try ImageFolderLayout(root: root, options: options)
    let pattern = try groupExpression()
    var parts: [SplitName: ClassFolders] = [:]
    for (split, folder) in layout.folders {
      parts[split] = try ClassFolders(root: root, folder: folder, excluding: layout.excludedClasses)
    }
    let train = parts[.train] ?? ClassFolders()
    let others = [SplitName.validation, .test].compactMap { parts[$0] }
    // An empty folder is a class only where another part has images of it.
    let held = Set(others.flatMap { $0.classes.filter { !$0.value.images.isEmpty }.map(\.key) })
    let known = train.classes.filter { !$0.value.images.isEmpty || held.contains($0.key) }
    guard !train.classes.isEmpty else {
      throw DataError.malformedFile(
        path: layout.path(of: .train), actual: "has no folders", expected: "a folder for each class")
    }
    guard known.contains(where: { !$0.value.images.isEmpty }) else {
      throw DataError.malformedFile(
        path: layout.path(of: .train), actual: "has \(train.classes.count) folders without an image",
        expected: "image files (\(ImageFormat.list)) in a folder for each class")
    }
    for (split, part) in parts.sorted(by: { $0.key.rawValue < $1.key.rawValue }) where split != .train {
      let unknown = part.classes.filter { known[$0.key] == nil && !$0.value.images.isEmpty }.map(\.key)
      guard let first = unknown.min() else { continue }
      throw DataError.malformedFile(
        path: layout.path(of: split),
        actual: "has the class \"\(first)\"\(NearestName.hint(for: first, among: known.map(\.value.name)))",
        expected: "classes that have training images")
    }

    let spellings = ClassSpellings(parts.values.flatMap(\.classes), keys: Set(known.keys))
    let classNames = ImageFileList.sortedClassNames(Set(spellings.names.values))
    let labels = Dictionary(uniqueKeysWithValues: classNames.enumerated().map { ($1, Int32($0)) })
    var list = ImageFileList(origin: root, classNames: classNames, train: [], test: [])
    func entries(_ split: SplitName, _ pattern: NSRegularExpression?) throws -> [ImageFileList.Entry] {
      guard let part = parts[split] else { return [] }
      return try classNames.flatMap { name -> [ImageFileList.Entry] in
        guard let key = spellings.keys[name], let label = labels[name] else { return [] }
        return try (part.classes[key]?.images ?? []).map { place in
          .init(
            path: "\(layout.path(of: split))/\(place)", name: layout.prefix(of: split) + place, label: label,
            group: try group(place, pattern))
        }
      }
    }
    list.train = try entries(.train, pattern)
    list.validation = try entries(.validation, pattern)
    list.test = try entries(.test, nil)
    list.account = layout.account
    for part in parts.values { list.account.add(part.account) }
    list.account.read = list.train.count + list.validation.count + list.test.count
    list.account.emptyFolders += emptyFolders(parts, layout, known: Set(known.keys))
    list.findings = layout.findings + spellings.findings
    list.lackOfTest = layout.lackOfTest
    return list
  }

  /// The class folders that hold nothing and stand for no class.
  private func emptyFolders(
    _ parts: [SplitName: ClassFolders], _ layout: ImageFolderLayout, known: Set<String>
  ) -> [String] {
    parts.flatMap { split, part in
      part.classes.filter { $0.value.images.isEmpty && !known.contains($0.key) }
        .flatMap { $0.value.folders.map { layout.prefix(of: split) + $0 } }
    }.sorted { $0.precedes($1) }
  }

  private func groupExpression() throws -> NSRegularExpression? {
    guard let pattern = options.groupPattern else { return nil }
    guard let expression = try? NSRegularExpression(pattern: pattern), expression.numberOfCaptureGroups >= 1 else {
      throw DataError.invalidOption(
        key: "group_pattern", actual: "\"\(pattern)\"", expected: "a regular expression with a group in parentheses")
    }
    return expression
  }

  private func group(_ place: String, _ pattern: NSRegularExpression?) throws -> String? {
    guard let pattern else { return nil }
    let match = pattern.firstMatch(in: place, range: NSRange(place.startIndex..., in: place))
    guard let match, let range = Range(match.range(at: 1), in: place) else {
      throw DataError.invalidOption(
        key: "group_pattern", actual: "\"\(pattern.pattern)\"",
        expected: "one that matches every file, such as \(place)")
    }
    return String(place[range])
  }

  /// The image files of a folder and the folders within it, by their paths from it, sorted.
  package static func imageFiles(in folder: String) throws -> [String] { try FolderWalk(folder, label: "").images }
}
