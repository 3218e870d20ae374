/// The names that members of stored objects have in capsules, where all is in snake case.
///
/// Stores know these objects by the names of the types' members, which stay what they are.
enum CapsuleNames {
  /// The names in capsules by the members' own.
  private static let names = [
    "programVersion": "program_version", "specHash": "spec_hash", "configurationHash": "configuration_hash",
    "dataHash": "data_hash", "operatingSystem": "operating_system", "isDirty": "is_dirty",
    "trainSeconds": "train_seconds", "evaluationSeconds": "evaluation_seconds",
    "imagesPerSecond": "images_per_second", "meanStepMilliseconds": "mean_step_milliseconds",
    "peakMemoryBytes": "peak_memory_bytes", "plannedMemoryBytes": "planned_memory_bytes", "bestEpoch": "best_epoch",
    "evaluatedEpoch": "evaluated_epoch", "classNames": "class_names", "weightsHash": "weights_hash",
  ]
  private static let members = Dictionary(uniqueKeysWithValues: names.map { ($1, $0) })

  /// The objects whose members are renamed.
  private static let objects: Set = ["provenance", "repository", "timing", "record"]
  /// What a user has named stays as it is.
  private static let foreign: Set = ["configuration", "libraries", "choices", "metrics"]

  /// The name of a member in a capsule.
  static func encoded(_ path: [any CodingKey]) -> any CodingKey { renamed(path, by: names) }

  /// The member of a name in a capsule.
  static func decoded(_ path: [any CodingKey]) -> any CodingKey { renamed(path, by: members) }

  private struct Key: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }
    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
  }

  private static func renamed(_ path: [any CodingKey], by names: [String: String]) -> any CodingKey {
    guard let last = path.last else { return Key(stringValue: "") }
    let parents = path.dropLast()
    guard let name = names[last.stringValue], let parent = parents.last, objects.contains(parent.stringValue),
      !parents.contains(where: { foreign.contains($0.stringValue) })
    else { return last }
    return Key(stringValue: name)
  }
}
