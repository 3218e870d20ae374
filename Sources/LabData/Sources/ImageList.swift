import Foundation
import LabCore

extension DatasetDefinition {
  /// A table of paths and labels.
  static let imageList = DatasetDefinition(
    name: "image-list",
    summary: "A CSV file with the columns path and label, and split (train, test) and group if it has them.",
    options: ImageListOptions.schema
  ) { configuration, environment in
    let options = try ImageListOptions(configuration)
    let file = try environment.place(
      of: configuration, content: "the CSV file of paths and labels",
      remedy: "set \"path\" to a CSV file of paths and labels")
    var list = try options.list(CSVFile(path: file))
    try list.holdOutTest(share: options.testShare, seed: configuration.subsetSeed, dataset: "image-list")
    return try ImageFileSource(list, configuration: configuration, policy: options.policy)
  }
}

/// The options of `image-list`.
struct ImageListOptions: DatasetOptions {
  var pathColumn = "path"
  var labelColumn = "label"
  var splitColumn = "split"
  var groupColumn = "group"
  /// The folder that paths start from; nil is the table's own.
  var imageRoot: String?
  /// The share of the images set aside for testing where the table has no test images.
  var testShare: Double?
  /// What happens to damaged files.
  var policy = DamagedFilePolicy.fail

  enum CodingKeys: String, CodingKey, CaseIterable {
    case pathColumn = "path_column"
    case labelColumn = "label_column"
    case splitColumn = "split_column"
    case groupColumn = "group_column"
    case imageRoot = "image_root"
    case testShare = "test_share"
    case policy = "on_corrupt"
  }

  static let schema = ConfigurationSchema([
    .init(CodingKeys.pathColumn.rawValue, .string, default: "path", "The column of the images' paths."),
    .init(CodingKeys.labelColumn.rawValue, .string, default: "label", "The column of the classes' names or numbers."),
    .init(
      CodingKeys.splitColumn.rawValue, .string, default: "split",
      "The column that says train or test, where the table has one."),
    .init(
      CodingKeys.groupColumn.rawValue, .string, default: "group",
      "The column of what images belong to (a recording, a patient), where the table has one."),
    .init(
      CodingKeys.imageRoot.rawValue, .optional(.string), default: .null,
      "The folder that relative paths start from; null is the table's own folder."),
    ImageFolderOptions.testShareField,
    DamagedFilePolicy.field,
  ])

  /// Reads a table.
  func list(_ table: CSVFile) throws -> ImageFileList {
    let (path, label) = try (table.place(of: pathColumn), table.place(of: labelColumn))
    let split = try optionalPlace(splitColumn, default: "split", in: table)
    let group = try optionalPlace(groupColumn, default: "group", in: table)
    let folder = (table.path as NSString).deletingLastPathComponent
    let root = imageRoot.map { ($0 as NSString).expandingTildeInPath } ?? (folder.isEmpty ? "." : folder)
    let classNames = ImageFileList.sortedClassNames(Set(table.records.map { $0.fields[label] }))
    let numbers = Dictionary(uniqueKeysWithValues: classNames.enumerated().map { ($1, Int32($0)) })
    var list = ImageFileList(origin: table.path, classNames: classNames, train: [], test: [])
    for record in table.records {
      let name = record.fields[path]
      guard !name.isEmpty, let number = numbers[record.fields[label]], !record.fields[label].isEmpty else {
        throw DataError.malformedFile(
          path: table.path, actual: "has no path or no label in line \(record.line)", expected: "both")
      }
      let entry = ImageFileList.Entry(
        path: name.hasPrefix("/") ? name : "\(root)/\(name)", name: name, label: number,
        group: group.map { record.fields[$0] })
      switch split.map({ record.fields[$0].lowercased() }) ?? "train" {
      case "train": list.train.append(entry)
      case "test": list.test.append(entry)
      case let other:
        throw DataError.malformedFile(
          path: table.path, actual: "has the split \"\(other)\" in line \(record.line)",
          expected: "train or test; validation images are set aside from train by the option \"validation\"")
      }
    }
    return list
  }

  /// The place of a column that need not be there unless it was asked for.
  private func optionalPlace(_ column: String, default name: String, in table: CSVFile) throws -> Int? {
    column == name && !table.columns.contains(column) ? nil : try table.place(of: column)
  }
}
