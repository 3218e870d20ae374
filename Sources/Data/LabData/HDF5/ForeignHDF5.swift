import LabCore
import LabHDF5

/// Reads users' HDF5 files in a process of its own.
package enum ForeignHDF5 {
  /// Everything that a reading process can be asked for.
  package static let tasks: [any IsolatedTask.Type] = [
    HDF5PartsTask.self, HDF5ManifestTask.self, HDF5ImagesTask.self, PackedImagesTask.self,
  ]

  /// Runs a task; what the library makes of a damaged file becomes an error of the data.
  ///
  /// - Throws: ``DataError``.
  @discardableResult
  static func run<Task: IsolatedTask>(
    _ task: Task, receive: (UnsafeRawBufferPointer) throws -> Void = { _ in }
  ) throws -> Task.Answer {
    do {
      return try IsolatedReader.run(task, receive: receive)
    } catch let error as IsolationError {
      throw DataError.malformedFile(
        path: error.path, actual: "is damaged: \(error.problem)", expected: "a whole HDF5 file; fetch or write it anew")
    }
  }
}

/// Looks for the files that hold a data set's bytes.
struct HDF5PartsTask: IsolatedTask {
  typealias Failure = DataError
  static let name = "hdf5-parts"

  var path: String
  /// The name of the group ids; nil for those that are looked for.
  var groups: String?

  func run(_ output: IsolatedOutput) throws -> HDF5Parts { try HDF5Parts(ofFile: path, groups: groups) }
}

/// Reads what a data set says of its images.
struct HDF5ManifestTask: IsolatedTask {
  typealias Failure = DataError
  static let name = "hdf5-manifest"

  var source: HDF5Source
  var path: String { source.origin }

  func run(_ output: IsolatedOutput) throws -> DatasetManifest { try source.manifestHere() }
}

/// Reads the images of a data set's part.
struct HDF5ImagesTask: IsolatedTask {
  typealias Failure = DataError
  static let name = "hdf5-images"

  var source: HDF5Source
  var part: DatasetPart
  var hasValidation: Bool
  var path: String { source.origin }

  func run(_ output: IsolatedOutput) throws -> Bool {
    try source.imagesHere(of: part, hasValidation: hasValidation) { try output.send($0) }
    return true
  }
}
