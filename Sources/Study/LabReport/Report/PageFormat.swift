import Foundation
import LabCore

/// A way to write a report.
///
/// A new format is one file with a type that conforms to this, and its line in ``PageFormats/registry``.
public protocol PageFormat: Sendable {
  /// The name that a user gives, in lower case.
  var name: String { get }
  /// What files are called after the dot.
  var fileExtension: String { get }
  /// Writes a page, with a line end after its last line.
  func render(_ page: ReportPage) -> String
}

/// The formats of reports that a user can choose from.
public enum PageFormats {
  /// The formats in the order of help texts, the default first.
  public static let registry = Registry<any PageFormat>("report formats", [HTMLPageFormat(), MarkdownPageFormat()]) {
    [$0.name]
  }

  /// The format of a file by what its name ends with; the first where that is nothing.
  ///
  /// - Throws: ``ReportError/unknownFormat(_:available:)`` for an ending that no format has.
  public static func ofFile(_ path: String) throws(ReportError) -> any PageFormat {
    let ending = (path as NSString).pathExtension.lowercased()
    guard
      let format = ending.isEmpty
        ? registry.entries.first : registry.entries.first(where: { $0.fileExtension == ending })
    else { throw .unknownFormat(ending, available: registry.entries.map(\.fileExtension)) }
    return format
  }

  /// The format of a name.
  ///
  /// - Throws: ``ReportError/unknownFormat(_:available:)``.
  public static func named(_ name: String) throws(ReportError) -> any PageFormat {
    guard let format = registry[name.lowercased()] else { throw .unknownFormat(name, available: registry.names) }
    return format
  }
}
