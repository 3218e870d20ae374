import LabRecords

extension Sweep {
  /// That runs are missing because they are of shards that were trained elsewhere; nothing where none is missing, or where
  /// all shards are here.
  var shardNotes: [String] {
    guard runs.contains(where: { $0.state == .pending }) else { return [] }
    let groups = Dictionary(grouping: shards, by: \.count).sorted { $0.key < $1.key }
    return groups.filter { $0.value.count < $0.key }.map { count, shards in
      let numbers = NumberText.ranges(shards.map { UInt64($0.number) })
      let subject = shards.count == 1 ? "Shard \(numbers) of \(count) is" : "Shards \(numbers) of \(count) are"
      return
        "\(subject) here: runs that are not started may be those of other shards, which labrun merge takes from where "
        + "they are trained."
    }
  }
}
