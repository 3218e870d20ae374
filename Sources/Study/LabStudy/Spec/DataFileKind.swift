import Foundation
import LabCore

/// Files of data, weights and results that somebody may give in place of a spec.
enum DataFileKind {
  /// What a file is, with an article; nil where it may be a spec.
  static func name(ofFile path: String) -> String? {
    let ending = (path as NSString).pathExtension.lowercased()
    return byExtension[ending]
      // What is read of a pipe would be lost to whoever reads it next.
      ?? (try? SizedFile(path).bytes(at: 0, count: 16)).flatMap(name(ofFirstBytes:))
  }

  private static func name(ofFirstBytes head: Data) -> String? {
    beginnings.first { head.starts(with: $0.bytes) }?.name
  }

  private static let byExtension: [String: String] = {
    let names: [(name: String, extensions: [String])] = [
      ("an HDF5 file", ["h5", "hdf5"]), ("a table", ["csv", "tsv", "xlsx"]),
      ("a file of weights", ["pt", "pth", "ckpt", "safetensors"]), ("a NumPy array", ["npy", "npz"]),
      ("an image", ["png", "jpg", "jpeg", "webp", "tif", "tiff", "gif", "bmp", "ppm", "pgm", "svg"]),
      ("a database", ["db", "sqlite", "sqlite3"]), ("an archive", ["zip", "tar", "gz", "tgz", "xz", "7z"]),
    ]
    return Dictionary(uniqueKeysWithValues: names.flatMap { kind in kind.extensions.map { ($0, kind.name) } })
  }()

  /// First bytes that no text begins with.
  private static let beginnings: [(bytes: [UInt8], name: String)] = [
    ([0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a], "an HDF5 file"), ([0x89, 0x50, 0x4e, 0x47], "an image"),
    ([0xff, 0xd8, 0xff], "an image"), ([0x50, 0x4b, 0x03, 0x04], "an archive, as PyTorch's weights are"),
    (Array("SQLite format 3".utf8), "a database"), ([0x1f, 0x8b], "an archive"), (Array("GIF8".utf8), "an image"),
  ]
}
