import Foundation
import LabCore
import LabRecords

/// What programs leave in the folder of a run: what they have printed, and a folder of their own.
extension RunFolder {
  /// Whether a name is that of a program's folder or output.
  static func isOfProgram(_ name: some StringProtocol) -> Bool {
    name == RunOutput.folderName || String(name).wholeMatch(of: /output-[0-9]+\.txt/) != nil
  }

  /// The names of a program's folder and outputs.
  func programNames() throws -> [String] { try entries().filter(RunFolder.isOfProgram).sorted() }

  /// Copies a file, or the files of a folder, leaving out what is neither.
  ///
  /// - Returns: the paths that were left out, such as links.
  /// - Throws: `FileError` where the copy cannot be written, or something cannot be read.
  static func copy(_ source: String, to target: String) throws -> [String] {
    guard let kind = try? FileManager.default.attributesOfItem(atPath: source)[.type] as? FileAttributeType else {
      throw FileError(action: "read", path: source, code: ENOENT)
    }
    switch kind {
    case .typeDirectory:
      try AtomicFile.createFolder(target)
      var leftOut: [String] = []
      for name in try FileManager.default.contentsOfDirectory(atPath: source).sorted() {
        leftOut += try copy("\(source)/\(name)", to: "\(target)/\(name)")
      }
      return leftOut
    case .typeRegular:
      do {
        try FileManager.default.copyItem(atPath: source, toPath: target)
      } catch {
        throw FileError(action: "copy \(source) to", path: target, code: RunFolder.systemCode(of: error))
      }
      return []
    default: return [source]
    }
  }
}
