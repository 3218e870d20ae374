import Foundation
import LabCore
import LabData

/// The images that `predict` and `explain` are given.
enum PredictedImages {
  /// Image files, folders of them, or the images of one HDF5 file.
  ///
  /// - Parameters:
  ///   - paths: what was named, at least one.
  ///   - datasetName: the images within an HDF5 file; nil looks for them.
  ///   - classNames: the model's classes.
  /// - Throws: `CommandError` where an HDF5 file is not by itself, and what reading throws.
  static func collection(_ paths: [String], datasetName: String?, classNames: [String]) throws -> ImageCollection {
    let isHDF5 = paths.map { ["h5", "hdf5"].contains(($0 as NSString).pathExtension.lowercased()) }
    guard isHDF5.contains(true) else { return try ImageCollection(paths: paths, classNames: classNames) }
    guard paths.count == 1 else { throw CommandError("an HDF5 file is classified by itself, not among other images") }
    guard FileManager.default.fileExists(atPath: paths[0]) else {
      throw FileError(action: "open", path: paths[0], code: ENOENT)
    }
    return try ImageCollection(hdf5: paths[0], dataset: datasetName, classNames: classNames)
  }
}
