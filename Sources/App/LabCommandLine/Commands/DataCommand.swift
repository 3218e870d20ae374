import ArgumentParser
import Foundation
import LabCore
import LabData
import LabWorkbench

/// The command `labrun data`.
struct DataCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "data", abstract: "Inspect data sets, prepare new ones from them, measure their loading.",
    subcommands: [DataInspectCommand.self, DataPrepareCommand.self, DataSpeedCommand.self])
}

/// Which data set a command is about.
struct DataSourceOptions: ParsableArguments {
  @Argument(
    help: ArgumentHelp(
      "A data set (\(DatasetDefinition.registry.names.joined(separator: ", "))), or a folder, a CSV file or an HDF5 file.",
      valueName: "dataset"), completion: .file())
  var dataset: String

  @Option(help: "The folder or file that holds the data set.", completion: .file())
  var path: String?

  @Option(help: ArgumentHelp("Any other key of the data set, as in a spec.", valueName: "key=value"))
  var set: [String] = []

  /// The images of the data set.
  ///
  /// - Parameter allowsNoTest: whether a data set may lack test images; all are then training images.
  func catalog(allowsNoTest: Bool, progress: @escaping DataProgress) throws -> SampleCatalog {
    var object = try settings()
    let lacksTest = allowsNoTest && needsTestShare(object)
    // Any share does, since parts are not looked at then.
    if lacksTest { object["test_share"] = 0.5 }
    let configuration = try JSONValue.object(object).decode(DatasetConfiguration.self)
    return try SampleCatalog(configuration, ignoresParts: lacksTest, progress: progress)
  }

  /// The data set's configuration as a spec would have it.
  func configuration() throws -> DatasetConfiguration {
    try JSONValue.object(settings()).decode(DatasetConfiguration.self)
  }

  private func settings() throws -> [String: JSONValue] {
    var object = try Settings.members(set)
    if DatasetDefinition.registry.names.contains(dataset) {
      object["name"] = .string(dataset)
      if let path { object["path"] = .string(path) }
    } else {
      guard path == nil, let name = kind else {
        if path == nil, let problem = problemWithPath { throw problem }
        throw DataError.unknownDataset(name: dataset, known: DatasetDefinition.registry.names)
      }
      object["name"] = .string(name)
      object["path"] = .string(dataset)
    }
    return object
  }

  /// What a path that was given in place of a name holds.
  private var kind: String? {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: dataset, isDirectory: &isFolder) else { return nil }
    if isFolder.boolValue { return "image-folder" }
    switch (dataset as NSString).pathExtension.lowercased() {
    case "csv", "tsv": return "image-list"
    case "h5", "hdf5": return "hdf5"
    default: return nil
    }
  }

  /// Why a path that was given in place of a name is no data set; nil where it may be a misspelt name.
  private var problemWithPath: CommandError? {
    guard FileManager.default.fileExists(atPath: dataset) else {
      guard dataset.contains("/") else { return nil }
      return CommandError(
        "there is no file or folder \(URL(fileURLWithPath: (dataset as NSString).expandingTildeInPath).path)",
        status: .noInput)
    }
    let kinds = "a folder with a folder for each class, a CSV file that names images and their classes, or an HDF5 file"
    guard let image = ImageDescription(path: dataset) else {
      return CommandError("\(dataset) is no data set, which is \(kinds) that ends in .h5", status: .badData)
    }
    let folder = (dataset as NSString).deletingLastPathComponent
    let above = (folder as NSString).deletingLastPathComponent
    return CommandError(
      "\(dataset) is one image (\(image)) and no data set, which is \(kinds): give the folder above its class's, "
        + "\(folder.isEmpty ? ".." : above.isEmpty ? "." : above), or classify it with `labrun predict MODEL \(dataset)`",
      status: .badData)
  }

  /// Whether opening the data set fails only because it has no test images.
  private func needsTestShare(_ object: [String: JSONValue]) -> Bool {
    guard object["test_share"] == nil else { return false }
    do {
      let configuration = try JSONValue.object(object).decode(DatasetConfiguration.self)
      _ = try configuration.origin()
      return false
    } catch let error as DataError {
      if case .unusableSplit = error { return true }
      return false
    } catch {
      return false
    }
  }
}
