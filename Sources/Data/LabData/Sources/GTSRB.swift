import Foundation
import LabCore

extension DatasetDefinition {
  /// The German Traffic Sign Recognition Benchmark in its official layout, or in the one in which Kaggle hands it on.
  ///
  /// - Source: J. Stallkamp, M. Schlipsing, J. Salmen, C. Igel, "Man vs. computer: Benchmarking machine learning
  ///   algorithms for traffic sign recognition", Neural Networks 32, 2012.
  static let gtsrb = DatasetDefinition(
    name: "gtsrb",
    summary: "39,209 training and 12,630 test images of 43 classes of German traffic signs; image_size null means 32.",
    options: GTSRBOptions.schema
  ) { configuration, environment in
    let options = try GTSRBOptions(configuration)
    let folders = environment.folders(of: configuration, aliases: ["GTSRB"])
    let list = try GTSRBFolder.find(in: folders).list(cropsToSign: options.cropsToSign)
    var configuration = configuration
    configuration.imageSize = configuration.imageSize ?? 32
    return try ImageFileSource(list, configuration: configuration, policy: options.policy, channels: 3)
  }
}

/// The options of `gtsrb`.
struct GTSRBOptions: DatasetOptions {
  /// Whether images are cut to the sign's box, which leaves about 10 % of margin away.
  var cropsToSign = false
  /// What happens to damaged files.
  var policy = DamagedFilePolicy.fail

  enum CodingKeys: String, CodingKey, CaseIterable {
    case cropsToSign = "crop_to_roi"
    case policy = "on_corrupt"
  }

  static let schema = ConfigurationSchema([
    .init(
      CodingKeys.cropsToSign.rawValue, .boolean, default: false,
      "Whether images are cut to the sign's region of interest, as the tables give it, before they are resized."),
    DamagedFilePolicy.field,
  ])
}

/// The folders and tables of the benchmark, as one of its layouts has them.
struct GTSRBFolder {
  /// One table of a part.
  private struct Table {
    var path: String
    /// The folder that the table's file names start from, and what names in messages start with.
    var folder: String
    var prefix: String
  }

  /// How files and tables are laid out.
  private enum Layout {
    /// The archives of the benchmark: a folder and a table for each class.
    case official
    /// Kaggle's: a table for each part.
    case kaggle

    /// The column of the files' names.
    var fileColumn: String { self == .official ? "Filename" : "Path" }
  }

  /// The folder in which everything was found.
  let root: String
  private let layout: Layout
  private let train: [Table]
  private let test: Table
  /// The folders whose images are all named by the tables.
  private let imageFolders: [String]

  /// Looks for the unpacked archives in each folder in turn.
  static func find(in folders: [String]) throws -> GTSRBFolder {
    var lack: String?
    for root in folders {
      for base in [root, root + "/GTSRB"] {
        if let found = official(root: root, base: base, lack: &lack) ?? kaggle(base: base, lack: &lack) { return found }
      }
    }
    throw DataError.notFound(
      dataset: "gtsrb", searched: folders,
      remedy: "set \"path\" to a folder with one of these: the unpacked GTSRB_Final_Training_Images.zip, "
        + "GTSRB_Final_Test_Images.zip and GTSRB_Final_Test_GT.zip of the benchmark (Final_Training/Images/00000 to 00042, "
        + "Final_Test/Images, GT-final_test.csv), or Kaggle's archive (Train/0 to 42, Test, Train.csv, Test.csv)"
        + (lack.map { "; " + $0 } ?? ""))
  }

  private static func official(root: String, base: String, lack: inout String?) -> GTSRBFolder? {
    let files = FileManager.default
    let train = ["Final_Training/Images", "Training"].map { "\(base)/\($0)" }
      .first { files.fileExists(atPath: "\($0)/00000") }
    guard let train else { return nil }
    let test = "\(base)/Final_Test/Images"
    let table = [root, base, base + "/Final_Test", test].map { $0 + "/GT-final_test.csv" }
      .first { files.fileExists(atPath: $0) }
    guard let table, files.fileExists(atPath: test) else {
      lack = lack ?? "\(train) is there, but Final_Test/Images or the table GT-final_test.csv is not beside it"
      return nil
    }
    let classes = classNames.indices.map { String(format: "%05d", $0) }
    return GTSRBFolder(
      root: root, layout: .official,
      train: classes.map { .init(path: "\(train)/\($0)/GT-\($0).csv", folder: "\(train)/\($0)", prefix: $0) },
      test: .init(path: table, folder: test, prefix: "Final_Test"),
      imageFolders: classes.map { "\(train)/\($0)" } + [test])
  }

  private static func kaggle(base: String, lack: inout String?) -> GTSRBFolder? {
    let entries = (try? FolderReader.entries(of: base)) ?? []
    func find(_ name: String, _ kind: FolderReader.Kind) -> String? {
      let names = entries.filter { $0.kind == kind && $0.name.lowercased() == name.lowercased() }.map(\.name)
      // The archive has Train and train, which are the same.
      return names.first { $0 == name } ?? names.first
    }
    let (train, test) = (find("Train", .folder), find("Test", .folder))
    let (trainTable, testTable) = (find("Train.csv", .file), find("Test.csv", .file))
    guard let train, FolderReader.kind(of: "\(base)/\(train)/0") == .folder else { return nil }
    guard let test, let trainTable, let testTable else {
      let absent = [
        test == nil ? "Test" : nil, trainTable == nil ? "Train.csv" : nil, testTable == nil ? "Test.csv" : nil,
      ]
      .compactMap(\.self)
      lack = lack ?? "\(base)/\(train)/0 is there, but \(absent.joined(separator: " and ")) not beside \(train)"
      return nil
    }
    return GTSRBFolder(
      root: base, layout: .kaggle, train: [.init(path: "\(base)/\(trainTable)", folder: base, prefix: "")],
      test: .init(path: "\(base)/\(testTable)", folder: base, prefix: ""),
      imageFolders: classNames.indices.map { "\(base)/\(train)/\($0)" } + ["\(base)/\(test)"])
  }

  /// Reads the tables.
  func list(cropsToSign: Bool) throws -> ImageFileList {
    var train: [ImageFileList.Entry] = []
    for table in self.train { train += try entries(table, cropsToSign: cropsToSign, hasGroups: true) }
    let test = try entries(test, cropsToSign: cropsToSign, hasGroups: false)
    if layout == .kaggle {
      // The order of the official tables, so that the same images are the same data.
      func file(_ entry: ImageFileList.Entry) -> String { (entry.path as NSString).lastPathComponent }
      train.sort { ($0.label, file($0)) < ($1.label, file($1)) }
    }
    var list = ImageFileList(origin: root, classNames: Self.classNames, train: train, test: test)
    list.account = try account(of: train + test)
    return list
  }

  /// What lies in the folders beside the images that the tables name.
  private func account(of entries: [ImageFileList.Entry]) throws -> FileAccount {
    let named = Set(entries.map(\.path))
    var account = FileAccount()
    account.read = entries.count
    for folder in imageFolders where FolderReader.kind(of: folder) == .folder {
      let name = folder.hasPrefix(root + "/") ? String(folder.dropFirst(root.count + 1)) : folder
      let walk = try FolderWalk(folder, label: name + "/")
      account.add(walk.account)
      let others = walk.images.filter { !named.contains("\(folder)/\($0)") }
      account.add(.unlisted, count: others.count, others.map { "\(name)/\($0)" })
    }
    return account
  }

  /// What an image belongs to: 00012_00029.ppm of a class is one of 30 views of one sign, and so is 00005_00012_00029.png,
  /// where the class stands first.
  private func track(_ file: String, label: Int) -> String {
    let parts = (file as NSString).lastPathComponent.split(separator: "_")
    let track = parts.count > 2 ? parts[1] : parts.first ?? ""
    return String(format: "%05d/", label) + track
  }

  private func entries(_ source: Table, cropsToSign: Bool, hasGroups: Bool) throws -> [ImageFileList.Entry] {
    let table = try CSVFile(path: source.path)
    let (name, label) = try (table.place(of: layout.fileColumn), table.place(of: "ClassId"))
    let corners = cropsToSign ? try ["Roi.X1", "Roi.Y1", "Roi.X2", "Roi.Y2"].map { try table.place(of: $0) } : []
    let tableName = (source.path as NSString).lastPathComponent
    return try table.records.map { record in
      let value = try table.integer(record, label)
      guard Self.classNames.indices.contains(value) else {
        throw DataError.malformedFile(
          path: table.path, actual: "has the class \(value) in line \(record.line)", expected: "one from 0 to 42")
      }
      var region: PixelRegion?
      if cropsToSign {
        let box = try corners.map { try table.integer(record, $0) }
        guard box[0] >= 0, box[1] >= 0, box[0] <= box[2], box[1] <= box[3], box[2] < 1 << 20, box[3] < 1 << 20 else {
          throw DataError.malformedFile(
            path: table.path, actual: "has the region \(box) in line \(record.line)",
            expected: "left, top, right and bottom of a box")
        }
        // Both corners belong to the region.
        region = PixelRegion(columns: box[0]..<box[2] + 1, rows: box[1]..<box[3] + 1)
      }
      let file = record.fields[name]
      return ImageFileList.Entry(
        path: "\(source.folder)/\(file)", name: source.prefix.isEmpty ? file : "\(source.prefix)/\(file)",
        label: Int32(value), group: hasGroups ? track(file, label: value) : nil, region: region,
        source: "line \(record.line) of \(tableName)")
    }
  }

  /// The meaning of each sign.
  static let classNames = [
    "Speed limit (20km/h)", "Speed limit (30km/h)", "Speed limit (50km/h)", "Speed limit (60km/h)",
    "Speed limit (70km/h)", "Speed limit (80km/h)", "End of speed limit (80km/h)", "Speed limit (100km/h)",
    "Speed limit (120km/h)", "No passing", "No passing for vehicles over 3.5 t",
    "Right-of-way at the next intersection", "Priority road", "Yield", "Stop", "No vehicles",
    "Vehicles over 3.5 t prohibited", "No entry", "General caution", "Dangerous curve to the left",
    "Dangerous curve to the right", "Double curve", "Bumpy road", "Slippery road", "Road narrows on the right",
    "Road work", "Traffic signals", "Pedestrians", "Children crossing", "Bicycles crossing", "Beware of ice/snow",
    "Wild animals crossing", "End of all speed and passing limits", "Turn right ahead", "Turn left ahead",
    "Ahead only", "Go straight or right", "Go straight or left", "Keep right", "Keep left", "Roundabout mandatory",
    "End of no passing", "End of no passing by vehicles over 3.5 t",
  ]
}
