import Foundation
import LabCore

/// The method of a pass, and what it was chosen by.
struct MeasuredMethod: Codable {
  var method: ConvolutionMethod
  /// What each method took, for the curious: the choice stands whatever these say.
  var milliseconds: [String: Double]

  init(_ method: ConvolutionMethod, seconds: [ConvolutionMethod: Double]) {
    self.method = method
    milliseconds = Dictionary(uniqueKeysWithValues: seconds.map { ($0.key.rawValue, ($0.value * 1e6).rounded() / 1e3) })
  }
}

/// A file of measured methods that several processes read and extend.
struct CalibrationFile {
  let path: String

  private struct Content: Codable {
    var formatVersion = 1
    var passes: [String: MeasuredMethod]

    enum CodingKeys: String, CodingKey {
      case formatVersion = "format_version"
      case passes
    }
  }

  /// A file that cannot be understood.
  struct Damage: Error, CustomStringConvertible {
    let path: String
    var description: String { "\(path) is damaged or of another version" }
  }

  /// The passes of the file; nil where there is none.
  ///
  /// - Throws: ``Damage``, or `FileError` where it cannot be read.
  func read() throws -> [String: MeasuredMethod]? {
    guard FileManager.default.fileExists(atPath: path) else { return nil }
    guard let data = FileManager.default.contents(atPath: path) else { throw FileError(action: "read", path: path) }
    guard let content = try? JSONDecoder().decode(Content.self, from: data), content.formatVersion == 1 else {
      throw Damage(path: path)
    }
    return content.passes
  }

  /// Adds passes and returns all that the file then has; what it had already stays, a damaged file is replaced.
  ///
  /// - Throws: `FileError` where it cannot be read or written.
  func adding(_ new: [String: MeasuredMethod]) throws -> [String: MeasuredMethod] {
    let folder = (path as NSString).deletingLastPathComponent
    do {
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    } catch let error as NSError {
      // Without a cause of the system's, a file is where the folder should be.
      let cause = error.userInfo[NSUnderlyingErrorKey] as? NSError
      throw FileError(action: "create", path: folder, code: cause.map { Int32($0.code) } ?? ENOTDIR)
    }
    return try FileLock.hold(path + ".lock") {
      var existing: [String: MeasuredMethod] = [:]
      do { existing = try read() ?? [:] } catch is Damage {}
      let passes = existing.merging(new) { kept, _ in kept }
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
      try AtomicFile.write(try encoder.encode(Content(passes: passes)), to: path)
      return passes
    }
  }
}
