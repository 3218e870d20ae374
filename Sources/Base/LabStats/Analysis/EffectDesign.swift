/// The least squares of factors' effects, coded to sum to zero, beside blocks.
struct EffectDesign {
  /// The number of treatments' differences that the data can tell.
  let treatmentRank: Int
  private let fit: BlockedFit
  private let levels: [[Int]]
  /// The levels of each factor that were measured, in their order.
  private let measured: [[Int]]
  /// The columns that were added, by treatment.
  private var columns: [[Double]] = []
  private var added: [(term: [Int], range: Range<Int>)] = []
  private let blockMembers: [[Int]]
  private let cellCounts: [Double]
  /// Each treatment's values less their blocks' means, summed.
  private let sums: [Double]
  private let squares: Double

  init(_ fit: BlockedFit, levels: [[Int]]) {
    self.fit = fit
    self.levels = levels
    let present = fit.estimableGroups.flatMap { $0 }
    treatmentRank = present.count - fit.estimableGroups.count
    measured = (0..<(levels.first?.count ?? 0)).map { factor in Set(present.map { levels[$0][factor] }).sorted() }
    var members = [[Int]](repeating: [], count: fit.sample.blocks.count)
    var values = [[Double]](repeating: [], count: fit.sample.blocks.count)
    for (observation, block) in zip(fit.sample.observations, fit.sample.blockIndices) {
      members[block].append(observation.treatment)
      values[block].append(observation.value)
    }
    var sums = [CompensatedSum](repeating: CompensatedSum(), count: levels.count)
    var counts = [Double](repeating: 0, count: levels.count)
    var squares = CompensatedSum()
    for (block, treatments) in members.enumerated() {
      let mean = Bootstrap.mean(values[block])
      for (treatment, value) in zip(treatments, values[block]) {
        sums[treatment].add(value - mean)
        squares.add((value - mean) * (value - mean))
        counts[treatment] += 1
      }
    }
    blockMembers = members
    cellCounts = counts
    self.sums = sums.map(\.value)
    self.squares = squares.value
  }

  /// The number of effects that were added.
  var effectCount: Int { columns.count }

  /// The number of a term's effects.
  func effectCount(of term: [Int]) -> Int { term.reduce(1) { $0 * (measured[$1].count - 1) } }

  /// All combinations of factors with more than one level, small ones first.
  func terms(maximumOrder: Int?) -> [[Int]] {
    let factors = measured.indices.filter { measured[$0].count > 1 }
    var terms = [[Int]]()
    var previous: [[Int]] = [[]]
    for _ in 0..<min(maximumOrder ?? factors.count, factors.count) {
      previous = previous.flatMap { term in
        factors.filter { factor in term.last.map { $0 < factor } ?? true }.map { term + [$0] }
      }
      terms += previous
      // Beyond this, a table would be longer than anybody reads.
      if terms.count > 4096 { break }
    }
    return terms
  }

  /// Adds a term; false, and nothing is added, where its effects cannot all be told from those before it.
  mutating func add(_ term: [Int]) -> Bool {
    let range = columns.count..<(columns.count + effectCount(of: term))
    guard range.upperBound <= treatmentRank else { return false }
    // Each factor has a column for all of its levels but the last, which has −1 in all of them.
    var codes: [[Double]] = [[Double](repeating: 1, count: levels.count)]
    for factor in term {
      let last = measured[factor].count - 1
      codes = codes.flatMap { code in
        measured[factor].dropLast().map { level in
          levels.indices.map { treatment in
            let own = levels[treatment][factor]
            return code[treatment] * (own == level ? 1 : own == measured[factor][last] ? -1 : 0)
          }
        }
      }
    }
    let isSaturated = range.upperBound == treatmentRank && isFullyCrossed
    columns += codes
    if !isSaturated, CholeskyFactor(gram(), count: columns.count, tolerance: 1e-9) == nil {
      columns.removeLast(codes.count)
      return false
    }
    added.append((term, range))
    return true
  }

  /// Whether every combination of levels is there, in one group.
  private var isFullyCrossed: Bool {
    fit.estimableGroups.count == 1 && fit.estimableGroups[0].count == measured.reduce(1) { $0 * $1.count }
  }

  /// The sums of products of the columns, free of what blocks explain.
  private func gram() -> [Double] {
    let count = columns.count
    var rows = [Double](repeating: 0, count: levels.count * count)
    for (index, column) in columns.enumerated() {
      for treatment in levels.indices { rows[treatment * count + index] = column[treatment] }
    }
    var gram = [Double](repeating: 0, count: count * count)
    func add(_ row: [Double], _ weight: Double) {
      gram.withUnsafeMutableBufferPointer { gram in
        for i in 0..<count where row[i] != 0 {
          let factor = weight * row[i]
          for j in 0...i { gram[i * count + j] += factor * row[j] }
        }
      }
    }
    for treatment in levels.indices where cellCounts[treatment] > 0 {
      add(Array(rows[(treatment * count)..<((treatment + 1) * count)]), cellCounts[treatment])
    }
    for members in blockMembers {
      var sum = [Double](repeating: 0, count: count)
      for treatment in members { for i in 0..<count { sum[i] += rows[treatment * count + i] } }
      add(sum, -1 / Double(members.count))
    }
    return gram
  }

  /// What each term explains beyond all others, and what is left beside blocks.
  func solve() -> (terms: [(term: [Int], count: Int, sumOfSquares: Double)], residual: Double) {
    let count = columns.count
    guard count > 0, let factor = CholeskyFactor(gram(), count: count, tolerance: 1e-12) else { return ([], squares) }
    let products = columns.map { column in zip(column, sums).map { $0 * $1 }.compensatedSum() }
    let effects = factor.solve(products)
    let inverse = factor.inverse()
    let terms = added.map { term, range in
      let block = range.flatMap { i in range.map { j in inverse[i * count + j] } }
      let part = Array(effects[range])
      let weighted = CholeskyFactor(block, count: range.count, tolerance: 1e-14)?.solve(part) ?? part.map { _ in 0 }
      return (term: term, count: range.count, sumOfSquares: zip(part, weighted).map { $0 * $1 }.compensatedSum())
    }
    // Summed from the residuals themselves, since the difference of sums of squares would lose what is small.
    let fitted = levels.indices.map { treatment in
      zip(columns, effects).reduce(0) { $0 + $1.0[treatment] * $1.1 }
    }
    var residual = CompensatedSum()
    var values = [[(treatment: Int, value: Double)]](repeating: [], count: blockMembers.count)
    for (observation, block) in zip(fit.sample.observations, fit.sample.blockIndices) {
      values[block].append((observation.treatment, observation.value - fitted[observation.treatment]))
    }
    for block in values {
      let mean = Bootstrap.mean(block.map(\.value))
      for (_, value) in block { residual.add((value - mean) * (value - mean)) }
    }
    return (terms, residual.value)
  }
}
