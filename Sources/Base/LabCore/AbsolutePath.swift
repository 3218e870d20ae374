import Foundation

extension String {
  /// The path from the root of the file system.
  public var absolutePath: String { URL(fileURLWithPath: isEmpty ? "." : self).standardizedFileURL.path }
}
