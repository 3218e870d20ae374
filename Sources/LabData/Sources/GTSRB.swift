import Foundation
import LabCore

extension DatasetDefinition {
  /// The German Traffic Sign Recognition Benchmark in its official layout.
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

/// The folders and tables of the official archives.
struct GTSRBFolder {
  /// The folder in which everything was found.
  let root: String
  /// The folder with a folder for each class.
  private let trainFolder: String
  private let testFolder: String
  private let testTable: String

  /// Looks for the unpacked archives in each folder in turn.
  static func find(in folders: [String]) throws -> GTSRBFolder {
    let files = FileManager.default
    var found: [String] = []
    for root in folders {
      for base in [root, root + "/GTSRB"] {
        let train = ["Final_Training/Images", "Training"].map { "\(base)/\($0)" }
          .first { files.fileExists(atPath: "\($0)/00000") }
        let test = "\(base)/Final_Test/Images"
        let table = [root, base, base + "/Final_Test", test].map { $0 + "/GT-final_test.csv" }
          .first { files.fileExists(atPath: $0) }
        if let train { found.append(train) }
        guard let train, let table, files.fileExists(atPath: test) else { continue }
        return GTSRBFolder(root: root, trainFolder: train, testFolder: test, testTable: table)
      }
    }
    let lack =
      found.isEmpty
      ? "" : "; \(found[0]) is there, but Final_Test/Images or the table GT-final_test.csv is not beside it"
    throw DataError.notFound(
      dataset: "gtsrb", searched: folders,
      remedy: "unpack GTSRB_Final_Training_Images.zip, GTSRB_Final_Test_Images.zip and GTSRB_Final_Test_GT.zip of the "
        + "benchmark into one folder and set \"path\" to it\(lack)")
  }

  /// Reads the tables.
  func list(cropsToSign: Bool) throws -> ImageFileList {
    var train: [ImageFileList.Entry] = []
    for label in Self.classNames.indices {
      let name = String(format: "%05d", label)
      let folder = "\(trainFolder)/\(name)"
      let table = try CSVFile(path: "\(folder)/GT-\(name).csv")
      train += try entries(table, folder: folder, prefix: name, cropsToSign: cropsToSign) { fileName in
        // Files are named by track and frame: 00012_00029.ppm is one of 30 views of one sign.
        "\(name)/\(fileName.prefix { $0 != "_" })"
      }
    }
    let test = try entries(
      CSVFile(path: testTable), folder: testFolder, prefix: "Final_Test", cropsToSign: cropsToSign
    ) { _ in nil }
    return ImageFileList(origin: root, classNames: Self.classNames, train: train, test: test)
  }

  private func entries(
    _ table: CSVFile, folder: String, prefix: String, cropsToSign: Bool, group: (String) -> String?
  ) throws -> [ImageFileList.Entry] {
    let (name, label) = try (table.place(of: "Filename"), table.place(of: "ClassId"))
    let corners = cropsToSign ? try ["Roi.X1", "Roi.Y1", "Roi.X2", "Roi.Y2"].map { try table.place(of: $0) } : []
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
        path: "\(folder)/\(file)", name: "\(prefix)/\(file)", label: Int32(value), group: group(file), region: region)
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
