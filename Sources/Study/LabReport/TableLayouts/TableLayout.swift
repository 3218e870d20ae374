import LabCore
import LabRecords

/// A way to lay out what a sweep's variants do.
///
/// A new layout is one file with a type that conforms to this, and its line in ``TableLayouts/registry``.
public protocol TableLayout: Sendable {
  /// The name that a user gives, in lower case.
  var name: String { get }
  /// What it shows, for help texts.
  var summary: String { get }
  /// Makes the tables, one unless there has to be one a metric.
  ///
  /// An option that would change nothing is an error.
  ///
  /// - Parameters:
  ///   - sweep: the sweep.
  ///   - factors: the factors that were asked for, by name.
  ///   - options: what is shown and how it is judged.
  /// - Throws: ``ReportError`` where the request names what the sweep does not have, or what the layout cannot show.
  func tables(_ sweep: Sweep, by factors: [String], options: ReportOptions) throws(ReportError) -> [ReportTable]
}

/// The layouts that a user can choose from.
public enum TableLayouts {
  /// The layouts in the order of help texts, the default first.
  public static let registry = Registry<any TableLayout>(
    "table layouts", [VariantsLayout(), ComponentsLayout(), GridLayout()]
  ) { [$0.name] }

  /// A row a variant, or means by factors.
  public static var variants: any TableLayout { VariantsLayout() }

  /// The layout of a name.
  ///
  /// - Throws: ``ReportError/unknownLayout(_:available:)``.
  public static func named(_ name: String) throws(ReportError) -> any TableLayout {
    guard let layout = registry[name.lowercased()] else { throw .unknownLayout(name, available: registry.names) }
    return layout
  }
}
