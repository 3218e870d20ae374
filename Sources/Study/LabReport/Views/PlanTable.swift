import LabCore
import LabRecords

/// What a sweep would do, without doing it.
public struct PlanTable: Sendable {
  /// One run of the plan.
  public struct Cell: Sendable, Hashable {
    /// The variant's label.
    public var variant: String
    /// The seed.
    public var seed: UInt64
    /// What happens to it.
    public var action: RunAction
    /// Why, such as `interrupted after 3 of 10 epochs`.
    public var reason: String
    /// The number of trainable parameters.
    public var parameterCount: Int?
    /// The multiply-adds of one image's forward pass.
    public var multiplyAdds: Int?
    /// The planned memory of a run by itself, in bytes.
    public var memoryBytes: Int?
    /// The estimated time in seconds that is left to train.
    public var seconds: Double?

    /// Creates a cell.
    public init(
      variant: String, seed: UInt64, action: RunAction, reason: String, parameterCount: Int? = nil,
      multiplyAdds: Int? = nil, memoryBytes: Int? = nil, seconds: Double? = nil
    ) {
      self.variant = variant
      self.seed = seed
      self.action = action
      self.reason = reason
      self.parameterCount = parameterCount
      self.multiplyAdds = multiplyAdds
      self.memoryBytes = memoryBytes
      self.seconds = seconds
    }

    /// Whether any training is to be done.
    var isWork: Bool { action == .run || action == .resume }
  }

  /// The sweep's name.
  public var name: String
  /// The cells in the order of the plan.
  public var cells: [Cell]
  /// The number of workers that share them.
  public var workerCount: Int
  /// Anything else to be said, such as cells that the spec no longer has.
  public var notes: [String]

  /// Creates a table.
  public init(name: String, cells: [Cell], workerCount: Int, notes: [String] = []) {
    self.name = name
    self.cells = cells
    self.workerCount = workerCount
    self.notes = notes
  }

  /// The plan in one sentence.
  public var summary: String {
    let phrases: [(RunAction, String)] = [
      (.run, "to run"), (.resume, "to resume"), (.reuse, "complete already"), (.skip, "skipped"),
    ]
    let counts = phrases.compactMap { action, phrase in
      let count = cells.count { $0.action == action }
      return count > 0 ? "\(count) \(phrase)" : nil
    }
    let workers = workerCount == 1 ? "1 worker" : "\(workerCount) workers"
    let time = estimatedSeconds.map { "; about \(NumberText.remaining($0)) with \(workers)" } ?? ""
    return "\(cells.count) \(cells.count == 1 ? "run" : "runs"): "
      + (counts.isEmpty ? "nothing to do" : counts.joined(separator: ", ")) + time
  }

  /// The time until the last worker is done; nil where nothing is to be trained or a run's time is not known.
  public var estimatedSeconds: Double? {
    let work = cells.filter(\.isWork)
    let known = work.compactMap(\.seconds)
    guard !work.isEmpty, known.count == work.count, workerCount > 0 else { return nil }
    // The work is shared evenly, but no run can be split.
    return max(known.reduce(0, +) / Double(workerCount), known.max() ?? 0)
  }

  /// The plan as a table for any format.
  ///
  /// - Parameter groupsSeeds: whether seeds of a variant that fare alike share a row.
  public func table(groupsSeeds: Bool = true) -> ReportTable {
    var table = fullTable(groupsSeeds: groupsSeeds)
    // Of what labrun does not build itself, people see only what there is.
    if !cells.isEmpty, cells.allSatisfy({ $0.parameterCount == nil }) {
      for place in table.columns.indices where table.rows.allSatisfy({ $0.cells[place].values == [.null] }) {
        table.columns[place].title = []
      }
    }
    return table
  }

  private func fullTable(groupsSeeds: Bool) -> ReportTable {
    ReportTable(
      kind: "plan", title: name, subtitle: summary,
      columns: [
        .init("variant", fields: ["variant"], wraps: true),
        .init(groupsSeeds ? "seeds" : "seed", fields: ["seeds"], priority: 1),
        .init("action", fields: ["action"]),
        .init("params", fields: ["parameters"], alignment: .right, priority: 2, legend: "trainable parameters"),
        .init(
          "multiply-", "adds", fields: ["multiply_adds"], alignment: .right, priority: 3,
          legend: "multiply-adds of one image's forward pass"),
        .init(
          "memory", fields: ["memory_bytes"], alignment: .right, priority: 5,
          legend: "planned memory of a run by itself"),
        .init(
          "time", fields: ["seconds"], alignment: .right, priority: 4,
          legend: "time that is left to train" + (groupsSeeds ? ", all seeds of the row" : "")
            + ", as earlier runs took, or by a few steps that were tried here"),
        .init("why", fields: ["reason"], wraps: true),
      ], rows: groups(groupsSeeds).map(row), notes: notes,
      metadata: [
        "workers": .integer(workerCount), "estimated_seconds": estimatedSeconds.map(JSONValue.number) ?? .null,
        "counts": .object(
          Dictionary(
            uniqueKeysWithValues: RunAction.allCases.map { action in
              (action.rawValue, .integer(cells.count { $0.action == action }))
            })),
      ])
  }

  private struct GroupKey: Hashable {
    var variant: String
    var action: RunAction
    var reason: String
  }

  private func groups(_ groupsSeeds: Bool) -> [[Cell]] {
    guard groupsSeeds else { return cells.map { [$0] } }
    var positions = [GroupKey: Int]()
    var variants = [String]()
    var groups = [[Cell]]()
    for cell in cells {
      let key = GroupKey(variant: cell.variant, action: cell.action, reason: cell.reason)
      if let position = positions[key] {
        groups[position].append(cell)
      } else {
        positions[key] = groups.count
        groups.append([cell])
      }
      if groups[groups.count - 1].count == 1, !variants.contains(cell.variant) { variants.append(cell.variant) }
    }
    // The plan is seed by seed; the table is variant by variant.
    let rank = Dictionary(uniqueKeysWithValues: variants.enumerated().map { ($1, $0) })
    return groups.enumerated().sorted { a, b in
      (rank[a.element[0].variant] ?? 0, a.offset) < (rank[b.element[0].variant] ?? 0, b.offset)
    }.map(\.element)
  }

  private func row(_ group: [Cell]) -> ReportTable.Row {
    let first = group[0]
    let seconds = group.compactMap(\.seconds)
    let total = seconds.count == group.count && first.isWork ? seconds.reduce(0, +) : nil
    let memory = group.compactMap(\.memoryBytes).max()
    func count(_ value: Int?) -> ReportTable.Cell {
      value.map { .init(NumberText.count($0), values: [.integer($0)]) } ?? .missing()
    }
    let role: Style.Role? =
      switch first.action {
      case .run: nil
      case .resume: .warning
      case .reuse: .faint
      case .skip: .failure
      }
    return ReportTable.Row([
      .string(first.variant),
      .init(
        NumberText.ranges(group.map(\.seed)), values: [.array(group.map { JSONValue(seed: $0.seed) })]),
      .string(first.action.rawValue, role: role), count(first.parameterCount), count(first.multiplyAdds),
      memory.map { .init(NumberText.bytes($0), values: [.integer($0)]) } ?? .missing(),
      total.map { .init(NumberText.seconds($0), values: [.number($0)]) } ?? .missing(),
      .string(first.reason),
    ])
  }
}
