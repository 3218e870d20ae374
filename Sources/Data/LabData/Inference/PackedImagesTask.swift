import Foundation
import LabHDF5

/// Reads the images of an HDF5 file, and the labels in the same group where there are any.
struct PackedImagesTask: IsolatedTask {
  typealias Failure = DataError
  static let name = "hdf5-packed-images"

  /// What there is beside the images' bytes.
  struct Answer: Codable {
    var shape: ImageShape
    var count: Int
    var labels: [Int64]?
  }

  var path: String
  /// The images' data set; nil looks for it.
  var dataset: String?

  func run(_ output: IsolatedOutput) throws -> Answer {
    try HDF5Reader.reading(path) { reader in
      let name =
        try dataset
        ?? ["test/images", "images"].first { name in
          let parts = name.split(separator: "/").map(String.init)
          return reader.names(in: parts.count == 2 ? parts[0] : "/").contains(parts[parts.count - 1])
        }
        ?? { throw malformed("has no images", "test/images or images, or the name of another data set") }()
      let extents = try reader.dimensions(of: name)
      guard extents.count == 3 || extents.count == 4, try reader.holdsUnsignedBytes(name),
        extents.allSatisfy({ $0 > 0 })
      else { throw malformed("has the extents \(extents) at \(name)", "uint8 images, N×H×W×C or N×H×W") }
      let folder = name.split(separator: "/").dropLast().map { $0 + "/" }.joined()
      try HDF5Parts(ofFile: path, names: [name, folder + "labels"]).checkCompleteness()
      // All images are held in memory, which another size of file would not fit into.
      let byteCount = extents.reduce(1, *)
      guard UInt64(byteCount) < ProcessInfo.processInfo.physicalMemory / 4 * 3 else {
        throw malformed("has \(byteCount) bytes of images at \(name)", "no more than this machine's memory holds")
      }
      let layout = HDF5Layout.auto.reading(of: extents, name: name)
      let group = name.split(separator: "/").dropLast().joined(separator: "/")
      let hasLabels = reader.names(in: group.isEmpty ? "/" : group).contains("labels")
      let labels = hasLabels ? try reader.integers(group.isEmpty ? "labels" : "\(group)/labels") : nil
      if let labels, labels.count != extents[0] {
        throw malformed("has \(labels.count) labels beside \(name)", "\(extents[0]), one for each image")
      }
      try reader.readBytes(name) { piece in
        if layout.isChannelsFirst { HDF5Layout.interleave(piece, shape: layout.shape) }
        try output.send(UnsafeRawBufferPointer(piece))
      }
      return Answer(shape: layout.shape, count: extents[0], labels: labels)
    }
  }

  private func malformed(_ actual: String, _ expected: String) -> DataError {
    .malformedFile(path: path, actual: actual, expected: expected)
  }
}
