import LabCore
import LabRecords

/// The variants that the levels of imported runs come to.
struct ImportedVariants {
  private struct Member {
    var levels: [String]
    var label = ""
    var runs: [ImportedRuns.Entry]
  }

  private let assignment: ColumnAssignment
  private let factors: [Factor]
  private let seeds: [UInt64]
  private var members: [Member] = []
  private var baseline: Int?
  /// What was decided, a sentence each.
  private(set) var remarks: [String] = []

  init(_ runs: [ImportedRuns.Entry], _ assignment: ColumnAssignment, baseline wanted: [String]) throws {
    self.assignment = assignment
    let names = assignment.places(.factor).compactMap { assignment.assigned[$0]?.name }
    factors = names.enumerated().map { index, name in
      var seen: Set<String> = []
      return Factor(name: name, levels: runs.map { $0.levels[index] }.filter { seen.insert($0).inserted })
    }
    var seenSeeds: Set<UInt64> = []
    let seeds = runs.map(\.seed).filter { seenSeeds.insert($0).inserted }
    self.seeds = seeds
    let order = Dictionary(uniqueKeysWithValues: seeds.enumerated().map { ($1, $0) })
    var places: [[String]: Int] = [:]
    for run in runs {
      if let place = places[run.levels] {
        members[place].runs.append(run)
      } else {
        places[run.levels] = members.count
        members.append(Member(levels: run.levels, runs: [run]))
      }
    }
    for place in members.indices {
      members[place].runs.sort { order[$0.seed, default: 0] < order[$1.seed, default: 0] }
    }
    let own = try ownLabels()
    try chooseBaseline(wanted, labels: own)
    let labels = own ?? generatedLabels()
    for place in members.indices { members[place].label = labels[place] }
    if let baseline {
      let levels = zip(factors, members[baseline].levels).map { "\($0.name) \($1)" }.joined(separator: ", ")
      remarks.insert("The baseline is \(labels[baseline]) (\(levels)).", at: 0)
    }
    let missing = members.count * seeds.count - runs.count
    if missing > 0 {
      remarks.append(
        "Of \(members.count * seeds.count) cells (variants × seeds), \(missing) have no row, and are missing.")
    }
  }

  // MARK: Labels

  /// The labels that the file has; nil where it has none.
  private func ownLabels() throws -> [String]? {
    guard let place = assignment.place(.variant) else { return nil }
    let table = assignment.table
    var owners: [String: Int] = [:]
    return try members.enumerated().map { index, member in
      let rows = member.runs.flatMap(\.rows)
      let label = table.rows[rows[0]].cells[place]
      if let other = rows.first(where: { table.rows[$0].cells[place] != label }) {
        throw table.bad(other, place, "\"\(label)\", as other runs of the same levels have")
      }
      if label.isEmpty { throw table.bad(rows[0], place, "the name of a variant") }
      if let owner = owners.updateValue(index, forKey: label) {
        throw table.bad(
          rows[0], place,
          "another name than runs of other levels have (line \(table.rows[members[owner].runs[0].rows[0]].line))")
      }
      return label
    }
  }

  /// Names by what sets variants apart from the baseline, as those of specs.
  private func generatedLabels() -> [String] {
    let uses = Dictionary(factors.flatMap { Set($0.levels) }.map { ($0, 1) }, uniquingKeysWith: +)
    func name(_ level: String, _ factor: Int) -> String {
      let isBare = Double(level) != nil || ["true", "false", "none", "baseline"].contains(level.lowercased())
      return isBare || uses[level] != 1 ? "\(factors[factor].name)=\(level)" : level
    }
    var taken: Set<String> = []
    return members.indices.map { place in
      let base = baseline.map { members[$0].levels }
      let parts = factors.indices.filter { base?[$0] != members[place].levels[$0] }.map {
        name(members[place].levels[$0], $0)
      }
      let label = place == baseline ? "baseline" : parts.joined(separator: " + ")
      var (unique, count) = (label, 1)
      while !taken.insert(unique).inserted {
        count += 1
        unique = "\(label) (\(count))"
      }
      return unique
    }
  }

  // MARK: The baseline

  private mutating func chooseBaseline(_ wanted: [String], labels: [String]?) throws {
    if wanted == ["none"] { return }
    guard !wanted.isEmpty else {
      baseline = try marked() ?? labels?.firstIndex(of: "baseline") ?? 0
      if try marked() == nil, labels?.contains("baseline") != true {
        remarks.append("It is the first variant of the file; --baseline chooses another.")
      }
      return
    }
    if let place = labels?.firstIndex(of: wanted.joined(separator: ",")) {
      baseline = place
      return
    }
    var candidates = Array(members.indices)
    for text in wanted {
      guard let equals = text.firstIndex(of: "="), equals > text.startIndex else {
        throw ExchangeError.request(
          "--baseline takes FACTOR=LEVEL, such as \(factors[0].name)=\(factors[0].levels[0]), the label of a variant, or "
            + "none, but \"\(text)\" was given")
      }
      let (name, level) = (String(text[..<equals]), String(text[text.index(after: equals)...]))
      guard let factor = factors.firstIndex(where: { $0.name == name }) else {
        throw ExchangeError.request(
          "--baseline names the factor \"\(name)\", and there are \(factors.map(\.name).joined(separator: ", "))")
      }
      guard factors[factor].levels.contains(level) else {
        throw ExchangeError.request(
          "\(name) has no level \"\(level)\"\(NearestName.hint(for: level, among: factors[factor].levels)); it has "
            + factors[factor].levels.joined(separator: ", "))
      }
      candidates = candidates.filter { members[$0].levels[factor] == level }
    }
    guard let first = candidates.first else {
      throw ExchangeError.request("no run has the levels of --baseline \(wanted.joined(separator: ","))")
    }
    // Factors that are not named have the level that comes first in the file.
    let usual = candidates.first { place in
      factors.indices.allSatisfy { factor in
        wanted.contains { $0.hasPrefix(factors[factor].name + "=") }
          || members[place].levels[factor] == factors[factor].levels[0]
      }
    }
    baseline = usual ?? first
  }

  /// The variant that a column says is the baseline; nil where none says so.
  private func marked() throws -> Int? {
    guard let place = assignment.place(.baseline) else { return nil }
    let table = assignment.table
    for (index, member) in members.enumerated() {
      for row in member.runs.flatMap(\.rows) {
        switch table.rows[row].cells[place].lowercased() {
        case "true", "1", "yes": return index
        case "false", "0", "no", "": continue
        default: throw table.bad(row, place, "true or false")
        }
      }
    }
    return nil
  }

  // MARK: The sweep

  /// The sweep that they make.
  func sweep(named name: String, record: ImportRecord) -> ImportedSweep {
    var results: [RunIdentity: ImportedSweep.Result] = [:]
    let variants = members.indices.map { place in
      let member = members[place]
      let levels = Dictionary(uniqueKeysWithValues: zip(factors.map(\.name), member.levels))
      let configuration = configuration(of: member, levels: levels, record)
      let runs = member.runs.map { entry in
        let run = Run(
          identity: identity(levels: levels, seed: entry.seed, record), configuration: configuration,
          dataHash: record.sources[0].sha256, seed: entry.seed, plannedEpochs: entry.epochs.count)
        if let outcome = entry.outcome {
          results[run.identity] = .init(
            outcome: outcome, epochs: entry.epochs, trainSeconds: entry.metrics["train_seconds"],
            imagesPerSecond: entry.metrics["images_per_second"])
        }
        return run
      }
      return Variant(
        label: member.label, levels: levels, isBaseline: place == baseline, parameterCount: count(.parameters, member),
        multiplyAdds: count(.multiplyAdds, member), runs: runs)
    }
    let sweep = Sweep(
      name: name, specText: "", specHash: record.meaningHash, factors: factors, seeds: seeds, variants: variants,
      imported: record)
    return ImportedSweep(sweep: sweep, results: results)
  }

  /// A count of a variant, where the file tells the same one of all its runs.
  private func count(_ role: ImportRecord.Column.Role, _ member: Member) -> Int? {
    guard let place = assignment.place(role) else { return nil }
    let values = Set(member.runs.flatMap(\.rows).map { assignment.table.rows[$0].cells[place] })
    return values.count == 1 ? values.first.flatMap(Double.init).flatMap { Int(exactly: $0) } : nil
  }

  private func configuration(
    of member: Member, levels: [String: String], _ record: ImportRecord
  ) -> JSONValue {
    var settings: [String: JSONValue] = [:]
    for place in assignment.places(.setting) {
      let text = assignment.table.rows[member.runs[0].rows[0]].cells[place]
      settings[assignment.table.columns[place].name] = (try? JSONValue(parsing: text)) ?? .string(text)
    }
    let source: JSONValue = .object([
      "file": .string(record.sources[0].name), "sha256": .string(record.sources[0].sha256.hexadecimal),
      "format": .string(record.format),
    ])
    var members: [String: JSONValue] = [
      "imported": source, "levels": .object(levels.mapValues { .string($0) }),
    ]
    if !settings.isEmpty { members["settings"] = .object(settings) }
    return .object(members)
  }

  /// What makes two imported runs the same: the file, what its columns were taken for, the levels, and the seed.
  private func identity(levels: [String: String], seed: UInt64, _ record: ImportRecord) -> RunIdentity {
    let meaning: JSONValue = .object([
      "import": .string(record.meaningHash.hexadecimal), "levels": .object(levels.mapValues { .string($0) }),
    ])
    return RunIdentity(configuration: meaning, dataHash: record.sources[0].sha256, seed: seed)
  }
}
