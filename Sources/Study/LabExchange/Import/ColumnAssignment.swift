import Foundation
import LabCore
import LabRecords

/// What each column of a table is: what the user said, and the rest guessed where it is clear.
struct ColumnAssignment {
  typealias Role = ImportRecord.Column.Role

  let table: ImportTable
  let options: ImportOptions
  /// What each column was taken for; nil while that is not known.
  private(set) var assigned: [ImportRecord.Column?]

  init(_ table: ImportTable, options: ImportOptions) throws {
    self.table = table
    self.options = options
    assigned = Array(repeating: nil, count: table.columns.count)
    try takeRequested()
    takeOwn()
    try findSeed()
    takeMetrics()
    try takeFactors()
    try takeEpochs()
    takeRest()
  }

  /// What became of every column.
  var columns: [ImportRecord.Column] { assigned.compactMap { $0 } }

  /// The places of the columns of a role.
  func places(_ role: Role) -> [Int] { assigned.indices.filter { assigned[$0]?.role == role } }

  /// The place of the one column of a role; nil where there is none.
  func place(_ role: Role) -> Int? { places(role).first }

  // MARK: What was asked for

  private mutating func takeRequested() throws {
    if let seed = options.seed { try take(try place(named: seed, "--seed"), .seed, "seed") }
    if let epoch = options.epoch { try take(try place(named: epoch, "--epoch"), .epoch, "epoch") }
    for text in options.factors ?? [] {
      let request = ColumnRequest(text, takesPercentages: false, known: isKnown)
      let place = try place(named: request.column, "--factors")
      try take(place, .factor, request.name ?? table.columns[place].name)
    }
    for text in options.metrics ?? [] {
      let request = ColumnRequest(text, takesPercentages: true, known: isKnown)
      let place = try place(named: request.column, "--metrics")
      let name = request.name ?? ForeignMetricName.known(table.columns[place].name) ?? table.columns[place].name
      try take(place, .metric, name, divisor: request.isPercentage ? 100 : nil)
    }
    for role in [Role.factor, .metric] {
      let names = places(role).compactMap { assigned[$0]?.name }
      if let name = names.first(where: { name in names.count { $0 == name } > 1 }) {
        throw ExchangeError.request(
          "two columns would be the \(role.rawValue) \"\(name)\"; give one of them another name")
      }
    }
  }

  private func isKnown(_ text: String) -> Bool { table.columns.contains { $0.header == text || $0.name == text } }

  private func place(named text: String, _ option: String) throws -> Int {
    if let place = table.columns.firstIndex(where: { $0.header == text }) { return place }
    if let place = table.columns.firstIndex(where: { $0.name == text }) { return place }
    let names = table.columns.map(\.header)
    let hint = NearestName.hint(for: text, among: names)
    throw ExchangeError.request(
      "\(option) names the column \"\(text)\", which \(table.file) does not have"
        + (hint.isEmpty ? "; it has \(names.prefix(30).joined(separator: ", "))" : hint))
  }

  private mutating func take(_ place: Int, _ role: Role, _ name: String, divisor: Double? = nil) throws {
    if let other = assigned[place] {
      throw ExchangeError.request(
        "the column \"\(table.columns[place].header)\" was named twice, as \(other.role.rawValue) and as \(role.rawValue)"
      )
    }
    set(place, role, name, divisor: divisor)
  }

  private mutating func set(
    _ place: Int, _ role: Role, _ name: String, divisor: Double? = nil, reason: String? = nil
  ) {
    assigned[place] = .init(
      header: table.columns[place].header, role: role, name: name, divisor: divisor, reason: reason)
  }

  // MARK: What is clear

  /// Columns that labrun writes itself, and those that a format knows.
  private mutating func takeOwn() {
    let own: [(Role, names: Set<String>)] = [
      (.variant, ["variant"]), (.baseline, ["is_baseline"]), (.state, ["state", "status"]), (.reason, ["reason"]),
      (.parameters, ["parameters", "params", "parameter_count", "num_params"]),
      (.multiplyAdds, ["multiply_adds", "macs"]),
    ]
    for place in table.columns.indices where assigned[place] == nil {
      let column = table.columns[place]
      if column.hint == .factor { continue }
      if case .bookkeeping(let reason) = column.hint {
        set(place, .leftOut, column.name, reason: reason)
      } else if column.hint == .state, self.place(.state) == nil {
        set(place, .state, "state")
      } else if let role = own.first(where: { $0.names.contains(column.name.lowercased()) })?.0, self.place(role) == nil
      {
        guard ![.parameters, .multiplyAdds].contains(role) || table.isNumeric(place) else { continue }
        set(place, role, role.rawValue)
      }
    }
  }

  private static let seedNames: Set<String> = ["seed", "random_seed", "rng_seed", "random_state", "manual_seed"]

  private mutating func findSeed() throws {
    guard place(.seed) == nil else { return }
    let found = table.columns.indices.filter { place in
      let last = table.columns[place].name.split { $0 == "." || $0 == "/" }.last.map { $0.lowercased() } ?? ""
      return assigned[place] == nil && Self.seedNames.contains(last)
    }
    guard found.count == 1 else {
      throw ExchangeError.request(
        found.isEmpty
          ? "\(table.file) has no column \"seed\": name the one that tells a variant's runs apart by --seed COLUMN; variants "
            + "are compared within seeds"
          : "\(table.file) has several columns of seeds: name one by --seed, such as --seed \(table.columns[found[0]].header)"
      )
    }
    set(found[0], .seed, "seed")
  }

  /// Numbers that a format or the catalog knows as results; only where none were named.
  private mutating func takeMetrics() {
    for place in table.columns.indices where assigned[place] == nil {
      let column = table.columns[place]
      guard column.hint != .parameter, column.hint != .factor else { continue }
      let known = ForeignMetricName.known(column.name)
      // A column that is known by its name is one of numbers, so that a text in it is a mistake.
      guard table.isNumeric(place) || known != nil && table.hasNumber(place) else { continue }
      // A learning rate is a setting, unless it is known to be a result.
      let isJudged = known.flatMap(ForeignMetricName.metric).map { $0.direction != .neutral } ?? false
      guard isJudged || column.hint == .metric, options.factors?.contains(column.header) != true else { continue }
      let name = known ?? column.name
      let isFree = !places(.metric).contains { assigned[$0]?.name == name }
      if options.metrics != nil, !ForeignMetricName.isCost(name) {
        set(place, .leftOut, column.name, reason: "a metric that --metrics does not name")
      } else if isFree {
        set(place, .metric, name)
      }
    }
  }

  /// Columns whose texts nobody compares.
  private static let labels: Set<String> = [
    "id", "name", "run_id", "run_name", "created", "created_at", "date", "time", "timestamp", "user", "host",
    "hostname",
    "notes", "comment", "path", "commit", "checkpoint", "url",
  ]
  private static let epochNames: Set<String> = ["epoch", "step", "_step", "global_step", "iteration"]

  private mutating func takeFactors() throws {
    if options.factors == nil {
      for place in table.columns.indices where assigned[place] == nil {
        let column = table.columns[place]
        let name = column.name.lowercased()
        if column.hint == .factor {
          set(place, .factor, column.name)
          continue
        }
        guard !Self.labels.contains(name), !Self.epochNames.contains(name), table.distinct(place).count > 1,
          column.hint == .parameter || !table.isNumeric(place)
        else { continue }
        set(place, .factor, column.name)
      }
    }
    guard places(.factor).isEmpty else { return }
    guard let variant = place(.variant), table.distinct(variant).count > 1 else {
      throw ExchangeError.request(
        "\(table.file) has no column of texts that differ, which could be a factor: name the columns that tell variants "
          + "apart by --factors, such as --factors conv,loss")
    }
    // Variants without levels are levels themselves.
    set(variant, .factor, "variant")
  }

  /// Takes a column for that of epochs where runs would else have several rows.
  private mutating func takeEpochs() throws {
    guard place(.epoch) == nil else { return }
    var lines: [[String]: Int] = [:]
    for row in table.rows.indices {
      guard let first = lines.updateValue(table.rows[row].line, forKey: key(row)) else { continue }
      let candidates = table.columns.indices.filter { place in
        // Every tool leaves its own step out of comparisons, but it counts rows all the same.
        guard [nil, .leftOut].contains(assigned[place]?.role), table.isNumeric(place) else { return false }
        return Self.epochNames.contains(table.columns[place].name.lowercased())
      }
      guard let epoch = candidates.first else {
        throw ExchangeError.request(
          "\(table.file) has two rows of the same levels and seed, in lines \(first) and \(table.rows[row].line): name a "
            + "further factor by --factors, or the column of epochs by --epoch")
      }
      set(epoch, .epoch, "epoch")
      return takeCourses()
    }
  }

  /// With a row an epoch, numbers of which neither side is better have courses too.
  private mutating func takeCourses() {
    for place in table.columns.indices where assigned[place] == nil && table.isNumeric(place) {
      if let known = ForeignMetricName.known(table.columns[place].name), options.metrics == nil {
        set(place, .metric, known)
      }
    }
  }

  /// What a run is told by: its levels and its seed.
  func key(_ row: Int) -> [String] {
    let cells = table.rows[row].cells
    return places(.factor).map { level(cells[$0]) } + [place(.seed).map { cells[$0] } ?? ""]
  }

  /// A level as it is called; a cell without a value is one of its own.
  func level(_ cell: String) -> String { ImportTable.blanks.contains(cell.lowercased()) ? "none" : cell }

  /// What is the same for all runs of a variant is kept; the rest is left out, and said so.
  private mutating func takeRest() {
    let factors = places(.factor)
    for place in table.columns.indices where assigned[place] == nil {
      let column = table.columns[place]
      var values: [[String]: String] = [:]
      let isSetting = table.rows.allSatisfy { row in
        let levels = factors.map { level(row.cells[$0]) }
        return (values.updateValue(row.cells[place], forKey: levels) ?? row.cells[place]) == row.cells[place]
      }
      let isNumber = table.isNumeric(place) && table.distinct(place).count > 1
      if isSetting {
        let reason = isNumber ? "kept; --factors or --metrics compares it" : "kept"
        set(place, .setting, column.name, reason: reason)
      } else {
        set(
          place, .leftOut, column.name,
          reason: isNumber
            ? "numbers that labrun does not know; --metrics takes them for results, --factors for levels"
            : "it differs between the runs of a variant")
      }
    }
  }
}
