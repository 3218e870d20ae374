import LabCore
import LabRecords

/// What a sweep itself says of its metrics, where the catalog does not know them: an import or somebody's program does.
public struct OwnMetrics: Sendable, Hashable {
  /// Which values are better, by the metrics' names.
  var directions: [String: Metric.Direction] = [:]
  /// The metrics that are shares, shown in percent.
  var shares: Set<String> = []
  /// The metrics that tables show where the usual ones are missing, in their order.
  var names: [String] = []

  /// Nothing beside the catalog.
  public static let none = OwnMetrics(nil)

  init(_ imported: ImportRecord?) {
    guard let imported else { return }
    directions = imported.directions
    names = imported.metricNames
  }

  /// What the program's section of a configuration declares.
  init(program configuration: JSONValue) {
    guard case .object(let metrics)? = configuration["program"]?["metrics"] else { return }
    for (name, declaration) in metrics {
      directions[name] = declaration["better"]?.stringValue.flatMap(Metric.Direction.init)
      if declaration["unit"]?.stringValue == "%" { shares.insert(name) }
    }
    names = metrics.keys.sorted()
  }
}

extension Sweep {
  /// What the sweep itself says of its metrics.
  var ownMetrics: OwnMetrics {
    if imported != nil { return OwnMetrics(imported) }
    return (variants.first?.runs.first?.configuration).map(OwnMetrics.init(program:)) ?? .none
  }
}
