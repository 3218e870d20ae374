import LabCore

/// A registered data set: its name, its own options, and how to open it.
public struct DatasetDefinition: Sendable {
  /// The name that a spec uses.
  public let name: String
  /// What it is, in one sentence.
  public let summary: String
  /// The keys that only this data set takes.
  public let options: ConfigurationSchema
  /// Finds the files, without decoding them.
  package let open:
    @Sendable (_ configuration: DatasetConfiguration, _ environment: DataEnvironment) throws
      -> any DatasetSource
}

/// Where a data set's images come from: what a data set's file has to provide.
package protocol DatasetSource: Sendable {
  /// What the decoded content depends on: files with their size and time of change, and options.
  var identity: [String] { get }
  /// Where the content comes from, for people: a folder, a file or a generator.
  var origin: String { get }
  /// The image files that the data set consists of; nil where images are stored in another way.
  var files: ImageFileList? { get }
  /// What is odd about the files or their content, as far as opening them tells; paths are those of a spec.
  var findings: [Finding] { get }
  /// What became of every file; nil where the data do not come as image files.
  ///
  /// - Parameter skipped: the files that were left out when they were decoded, as a manifest names them.
  func account(skipping skipped: [String]) -> FileAccount?
  /// Reads everything but the images, and checks that all parts fit each other.
  ///
  /// - Parameter progress: receives a sentence for every file that is left out.
  func manifest(progress: @escaping DataProgress) throws -> DatasetManifest
  /// Writes all images of one part, height × width × channels bytes each, one after the other.
  func decodeImages(
    of part: DatasetPart, manifest: DatasetManifest, into destination: UnsafeMutableBufferPointer<UInt8>,
    progress: DecodingProgress) throws
}

extension DatasetSource {
  package var files: ImageFileList? { nil }
  package var findings: [Finding] { [] }
  package func account(skipping skipped: [String]) -> FileAccount? { nil }
}

/// One of the two parts in which a data set is published.
public enum DatasetPart: String, Codable, Hashable, Sendable, CaseIterable {
  /// The images that may be learnt from; validation images are taken from it.
  case train
  /// The images that are looked at in the end only.
  case test
}

/// Receives one sentence whenever a long preparation begins a new phase.
public typealias DataProgress = @Sendable (String) -> Void

/// The data sets that a spec can name.
public enum DatasetRegistry {
  /// Every data set: one line each.
  public static let all: [DatasetDefinition] = [
    .fashionMNIST,
    .idxFolder,
    .cifar10,
    .cifar100,
    .gtsrb,
    .imageFolder,
    .imageList,
    .hdf5File,
    .syntheticSigns,
  ]

  /// The names in the order of registration.
  public static var names: [String] { all.map(\.name) }

  /// The data set of a name.
  ///
  /// - Throws: ``DataError/unknownDataset(name:known:)``.
  public static func definition(_ name: String) throws -> DatasetDefinition {
    guard let definition = all.first(where: { $0.name == name }) else {
      throw DataError.unknownDataset(name: name, known: names)
    }
    return definition
  }

  /// Says where the data set's files are, without reading them: what a check of the installation shows.
  ///
  /// - Throws: ``DataError``, whose text says in one sentence how to get missing files.
  public static func locate(
    _ configuration: DatasetConfiguration, environment: DataEnvironment = .current
  ) throws -> String {
    try definition(configuration.name).open(configuration.validated(), environment).origin
  }
}
