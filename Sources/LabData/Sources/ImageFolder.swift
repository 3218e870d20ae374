import Foundation
import LabCore

extension DatasetDefinition {
  /// A folder for each class.
  static let imageFolder = DatasetDefinition(
    name: "image-folder",
    summary: "A folder a class with PNG, JPEG, PPM and BMP files, within the folders train and test or side by side.",
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
  /// The folders of the two parts within the data set's folder.
  var trainFolder = "train"
  var testFolder = "test"
  /// The share of the images set aside for testing where there is no test folder.
  var testShare: Double?
  /// A regular expression over a file's path whose first group says what the image belongs to.
  var groupPattern: String?
  /// What happens to damaged files.
  var policy = DamagedFilePolicy.fail

  enum CodingKeys: String, CodingKey, CaseIterable {
    case trainFolder = "train_folder"
    case testFolder = "test_folder"
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
      CodingKeys.trainFolder.rawValue, .string, default: "train",
      "The folder of the training classes; where it is missing, the classes' folders are taken side by side."),
    .init(CodingKeys.testFolder.rawValue, .string, default: "test", "The folder of the test classes."),
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

  static func isFolder(_ path: String) -> Bool {
    var isFolder: ObjCBool = false
    return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && isFolder.boolValue
  }

  /// Lists files by class, in the order of their names.
  func list() throws -> ImageFileList {
    let hasTrain = Self.isFolder("\(root)/\(options.trainFolder)")
    let train = hasTrain ? "\(root)/\(options.trainFolder)" : root
    let test = hasTrain ? "\(root)/\(options.testFolder)" : nil
    let trainNames = try classes(in: train)
    let classNames = ImageFileList.sortedClassNames(trainNames)
    guard !classNames.isEmpty else {
      throw DataError.malformedFile(path: train, actual: "has no folders", expected: "a folder for each class")
    }
    var list = ImageFileList(origin: root, classNames: classNames, train: [], test: [])
    let pattern = try groupExpression()
    list.train = try entries(in: train, classNames, prefix: hasTrain ? options.trainFolder + "/" : "", pattern)
    if let test, Self.isFolder(test) {
      if let unknown = try classes(in: test).subtracting(trainNames).min() {
        throw DataError.malformedFile(
          path: test, actual: "has the class \"\(unknown)\"\(NearestName.hint(for: unknown, among: classNames))",
          expected: "classes that have training images")
      }
      list.test = try entries(in: test, classNames, prefix: options.testFolder + "/", nil)
    }
    return list
  }

  private func groupExpression() throws -> NSRegularExpression? {
    guard let pattern = options.groupPattern else { return nil }
    guard let expression = try? NSRegularExpression(pattern: pattern), expression.numberOfCaptureGroups >= 1 else {
      throw DataError.invalidOption(
        key: "group_pattern", actual: "\"\(pattern)\"", expected: "a regular expression with a group in parentheses")
    }
    return expression
  }

  private func classes(in folder: String) throws -> Set<String> {
    Set(try names(in: folder).filter { Self.isFolder("\(folder)/\($0)") })
  }

  private func names(in folder: String) throws -> [String] {
    do {
      return try FileManager.default.contentsOfDirectory(atPath: folder).filter { !$0.hasPrefix(".") }
    } catch {
      throw DataError.unreadable(folder, because: error, otherwise: "its files cannot be listed")
    }
  }

  private func entries(
    in folder: String, _ classNames: [String], prefix: String, _ pattern: NSRegularExpression?
  ) throws -> [ImageFileList.Entry] {
    var entries: [ImageFileList.Entry] = []
    for (label, name) in classNames.enumerated() where Self.isFolder("\(folder)/\(name)") {
      for file in try ImageFolder.imageFiles(in: "\(folder)/\(name)") {
        let place = "\(name)/\(file)"
        entries.append(
          .init(
            path: "\(folder)/\(place)", name: prefix + place, label: Int32(label), group: try group(place, pattern)))
      }
    }
    return entries
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
  package static func imageFiles(in folder: String) throws -> [String] {
    let paths: [String]
    do { paths = try FileManager.default.subpathsOfDirectory(atPath: folder) } catch {
      throw DataError.unreadable(folder, because: error, otherwise: "its files cannot be listed")
    }
    return paths.filter { path in
      ImageFormat.fileExtensions.contains((path as NSString).pathExtension.lowercased())
        && !path.split(separator: "/").contains { $0.hasPrefix(".") } && !isFolder("\(folder)/\(path)")
    }.sorted()
  }
}
