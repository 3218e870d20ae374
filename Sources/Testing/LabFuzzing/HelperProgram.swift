import Foundation
import LabHDF5

/// The program that reads foreign files for tests, as it does for itself.
public enum HelperProgram {
  /// The program that was built with the tests; nil where it was not.
  public static let path: String? = {
    var candidate = URL(fileURLWithPath: CommandLine.arguments[0]).resolvingSymlinksInPath()
    // The test bundle lies beside the products, on some platforms some folders below them.
    for _ in 0..<6 {
      candidate.deleteLastPathComponent()
      let program = candidate.appendingPathComponent("labrun")
      var isFolder: ObjCBool = false
      if FileManager.default.fileExists(atPath: program.path, isDirectory: &isFolder), !isFolder.boolValue {
        return program.path
      }
    }
    return [".build/debug/labrun", ".build/release/labrun"].first { FileManager.default.fileExists(atPath: $0) }
  }()

  /// Lets it read the HDF5 files of this process.
  ///
  /// - Returns: whether there is one.
  public static func use() -> Bool {
    guard let path else { return false }
    IsolatedReader.use(program: path)
    return true
  }
}
