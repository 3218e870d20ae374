import LabCore
import LabData
import LabRecords
import LabStore

/// A data set that runs are trained on, whichever of its images they take and whatever they do to them.
package struct UsedDataset: Sendable {
  /// A sweep whose runs are trained on it.
  package struct User: Sendable, Hashable {
    /// The number of the sweep.
    package var sweep: Int64
    /// Its name.
    package var name: String
  }

  /// What tells it from others: digits of the hash of its configuration.
  package let id: String
  /// Its name, such as `gtsrb`.
  package var name: String { configuration.name }
  /// Where a spec says that it is; nil for its standard place.
  package var path: String? { configuration.path }
  /// What it is looked at with: its keys that are not at their defaults.
  package let options: [String: JSONValue]
  /// The sweeps that use it, the one registered last first.
  package private(set) var users: [User] = []
  let configuration: DatasetConfiguration

  /// The data set of a section `dataset` of a run's configuration.
  ///
  /// - Throws: `DecodingError` where that is no configuration of a data set.
  package init(_ section: JSONValue) throws {
    configuration = try section.decode(DatasetConfiguration.self).published
    var options = configuration.options
    if configuration.subsetSeed != 0 { options["subset_seed"] = .integer(configuration.subsetSeed) }
    if let size = configuration.imageSize { options["image_size"] = .integer(size) }
    self.options = options
    let path = configuration.path.map(JSONValue.string) ?? .null
    id =
      JSONValue.object(["name": .string(configuration.name), "path": path, "options": .object(options)])
      .contentHash.short
  }

  /// The data set of a run; nil where nobody knows what it is trained on.
  package init?(of run: Run) {
    guard run.configuration["program"] == nil, run.importSource == nil, let section = run.configuration["dataset"],
      let found = try? UsedDataset(section)
    else { return nil }
    self = found
  }

  /// The data sets of a sweep in the order of its variants.
  package static func all(of sweep: Sweep) -> [UsedDataset] {
    var seen: Set<JSONValue> = []
    var found: [UsedDataset] = []
    for run in sweep.variants.compactMap(\.runs.first) {
      // Most variants name the same data in the same words, which are read once.
      guard let section = run.configuration["dataset"], seen.insert(section).inserted,
        let dataset = UsedDataset(of: run), !found.contains(where: { $0.id == dataset.id })
      else { continue }
      found.append(dataset)
    }
    return found
  }

  /// The data sets that sweeps of a store use, those of the sweep registered last first.
  ///
  /// - Throws: an error of the store.
  package static func all(in store: StudyStore) throws -> [UsedDataset] {
    var found: [UsedDataset] = []
    var known: [JSONValue: String] = [:]
    for entry in try store.datasets() {
      if known[entry.configuration] == nil {
        // What an older version wrote, and this one cannot read, has no page.
        guard let dataset = try? UsedDataset(entry.configuration) else { continue }
        known[entry.configuration] = dataset.id
        if !found.contains(where: { $0.id == dataset.id }) { found.append(dataset) }
      }
      guard let index = found.firstIndex(where: { $0.id == known[entry.configuration] }) else { continue }
      let user = User(sweep: entry.sweep, name: entry.name)
      if !found[index].users.contains(user) { found[index].users.append(user) }
    }
    return found
  }

  /// What its files are known by: an equal text stands for equal content, without any image being read.
  ///
  /// - Throws: `DataError` where they cannot be looked at.
  package func contentIdentity() throws -> String { try configuration.contentIdentity() }

  /// Its keys and values as the command line takes them.
  package var settings: [String] {
    options.sorted { $0.key < $1.key }.map { key, value in
      // A text that could be read as something else is written with its quotes.
      guard case .string(let text) = value, (try? JSONValue(parsing: text)) == nil else {
        return "\(key)=\(value.canonicalText)"
      }
      return "\(key)=\(text)"
    }
  }

  /// The command that prints what an inspection finds, without the program's name.
  package var command: [String] {
    ["data", "inspect", name] + (path.map { ["--path", $0] } ?? []) + settings.flatMap { ["--set", $0] }
  }
}
