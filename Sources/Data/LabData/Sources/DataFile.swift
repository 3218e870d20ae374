import Foundation
import LabCore

/// Reads whole files of users' data sets, none of which may be larger than such files can be.
enum DataFile {
  /// The bytes of a file.
  ///
  /// - Parameters:
  ///   - path: the file.
  ///   - limit: the largest size that is read, in bytes.
  /// - Throws: ``DataError``.
  static func contents(of path: String, atMost limit: Int) throws -> Data {
    do {
      if let data = try SizedFile.contents(of: path, atMost: limit) { return data }
    } catch let error as FileError {
      throw DataError.unreadable(
        path, because: error, otherwise: "it cannot be read (\(String(cString: strerror(error.code))))")
    }
    throw DataError.malformedFile(
      path: path, actual: "is larger than such a file can be", expected: "at most \(limit >> 20) MiB")
  }
}
