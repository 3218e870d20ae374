import Foundation
import LabCore

extension DatasetDefinition {
  /// A table of paths and labels.
  static let imageList = DatasetDefinition(
    name: "image-list",
    summary:
      "A CSV file with the columns path and label, and split (train, validation, test) and group if it has them.",
    options: ImageListOptions.schema
  ) { configuration, environment in
    let options = try ImageListOptions(configuration)
    let file = try environment.place(
      of: configuration, content: "the CSV file of paths and labels",
      remedy: "set \"path\" to a CSV file of paths and labels")
    guard FolderReader.kind(of: file) == .file else {
      throw DataError.malformedFile(path: file, actual: "is a folder", expected: "a CSV file of paths and labels")
    }
    var list = try options.list(CSVFile(path: file), environment: environment)
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
      "The column that says train, validation or test, where the table has one."),
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
  func list(_ table: CSVFile, environment: DataEnvironment) throws -> ImageFileList {
    let (path, label) = try (table.place(of: pathColumn), table.place(of: labelColumn))
    let split = try optionalPlace(splitColumn, default: "split", in: table)
    let group = try optionalPlace(groupColumn, default: "group", in: table)
    let root = try imageFolder(table, environment)
    var labels = TableLabels(table)
    for record in table.records { labels.add(record.fields[label], line: record.line) }
    let numbers = Dictionary(uniqueKeysWithValues: labels.classNames.enumerated().map { ($1, Int32($0)) })
    var list = ImageFileList(origin: table.path, classNames: labels.classNames, train: [], test: [])
    list.findings = labels.findings
    let tableName = (table.path as NSString).lastPathComponent
    for record in table.records {
      let name = record.fields[path]
      guard !name.allSatisfy(\.isWhitespace),
        let number = labels.name(of: record.fields[label]).flatMap({ numbers[$0] })
      else {
        throw DataError.malformedFile(
          path: table.path, actual: "has no path or no label in line \(record.line)", expected: "both")
      }
      let entry = ImageFileList.Entry(
        path: Self.file(name, in: root), name: name, label: number, group: group.map { record.fields[$0] },
        source: "line \(record.line) of \(tableName)")
      switch split.map({ SplitFolderName.role(of: record.fields[$0]) }) ?? .train {
      case .train: list.train.append(entry)
      case .validation: list.validation.append(entry)
      case .test: list.test.append(entry)
      case nil:
        throw DataError.malformedFile(
          path: table.path, actual: "has the split \"\(split.map { record.fields[$0] } ?? "")\" in line \(record.line)",
          expected: "train, validation or test")
      }
    }
    list.account.read = table.records.count
    return list
  }

  /// The folder that relative paths start from.
  private func imageFolder(_ table: CSVFile, _ environment: DataEnvironment) throws -> String {
    let folder = (table.path as NSString).deletingLastPathComponent
    guard let imageRoot else { return folder.isEmpty ? "." : folder }
    let places = environment.candidates(for: imageRoot, beside: [folder])
    guard let found = places.first(where: ImageFolder.isFolder) else {
      throw DataError.invalidOption(
        key: CodingKeys.imageRoot.rawValue, actual: "\"\(imageRoot)\"",
        expected: "a folder; there is none at \(places.joined(separator: " or "))")
    }
    return found
  }

  /// The file that a path means: as it stands, else without blanks around, else with slashes in place of Windows's
  /// backslashes.
  private static func file(_ name: String, in root: String) -> String {
    func path(_ name: String) -> String { name.hasPrefix("/") ? name : "\(root)/\(name)" }
    let trimmed = name.trimmingCharacters(in: .whitespaces)
    let spellings = [name, trimmed, trimmed.replacingOccurrences(of: "\\", with: "/")]
    guard spellings[2] != name else { return path(name) }
    return spellings.map(path).first { FolderReader.kind(of: $0) != nil } ?? path(name)
  }

  /// The place of a column that need not be there unless it was asked for.
  private func optionalPlace(_ column: String, default name: String, in table: CSVFile) throws -> Int? {
    column == name && !table.columns.contains(column) ? nil : try table.place(of: column)
  }
}

/// The labels of a table: what differs only in blanks around or in how Unicode writes letters is one class.
private struct TableLabels {
  private let table: CSVFile
  /// The name of each class by the name that people compare.
  private var names: [String: String] = [:]
  /// The lines in which a label is spelt otherwise than where it first occurs, by the name that people compare.
  private var otherLines: [String: [Int]] = [:]
  private var firstSpellings: [String: ClassSpellings.Bytes] = [:]

  init(_ table: CSVFile) { self.table = table }

  mutating func add(_ label: String, line: Int) {
    let key = label.comparableName
    guard !key.isEmpty else { return }
    let spelling = ClassSpellings.Bytes(text: label)
    if let first = firstSpellings[key] {
      if first != spelling { otherLines[key, default: []].append(line) }
    } else {
      firstSpellings[key] = spelling
      names[key] = label.trimmingCharacters(in: .whitespacesAndNewlines)
    }
    if otherLines[key] != nil { names[key] = key }
  }

  /// The names in the order of their labels.
  var classNames: [String] { ImageFileList.sortedClassNames(Set(names.values)) }

  /// The class of a label; nil for an empty one.
  func name(of label: String) -> String? { names[label.comparableName] }

  var findings: [Finding] {
    otherLines.sorted { $0.key < $1.key }.map { key, lines in
      let first = firstSpellings[key].map(\.description) ?? key
      return Finding(
        key: FileAccount.key,
        message: "\(table.path) spells the class \(first) otherwise in \(lines.count == 1 ? "line" : "lines") "
          + lines.prefix(5).map(String.init).joined(separator: ", ")
          + (lines.count > 5 ? " and \(lines.count - 5) more" : "")
          + ", with other blanks or another way to write its letters in Unicode; they are taken for one class",
        remedy: "Spell them alike, or apart if they are different classes")
    }
  }
}
