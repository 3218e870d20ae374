/// Treatments and blocks that are connected through their cells, with the least squares of the additive model on them.
///
/// Differences within a component are estimable; between two components treatments and blocks cannot be told apart.
struct BlockedComponent: Sendable {
  /// A cell by its positions among the component's treatments and blocks.
  struct Cell: Sendable {
    var treatment: Int
    var block: Int
  }

  /// Treatments as indices of the sample.
  let treatments: [Int]
  /// Blocks as indices of the sample.
  let blocks: [Int]
  /// The component's cells.
  let cells: [Cell]
  /// The component's cells as indices of the sample's observations.
  let observations: [Int]
  /// The blocks of each treatment.
  let blocksOfTreatment: [[Int]]
  /// The treatments of each block.
  let treatmentsOfBlock: [[Int]]
  /// Nil for complete components, whose equations have a closed form.
  private let reduced: Reduced?

  /// What is left of the normal equations once the more numerous of treatments and blocks are eliminated: the Laplacian
  /// of the others, one of which is held at zero.
  private struct Reduced: Sendable {
    var blocksRemain: Bool
    var count: Int
    /// The index that is held at zero.
    var ground: Int
    var factor: CholeskyFactor
    /// The inverse with a row and a column of zeros for what is held at zero.
    var inverse: [Double]

    /// vᵀ · inverse · w.
    func product(_ v: [(index: Int, weight: Double)], _ w: [(index: Int, weight: Double)]) -> Double {
      var sum = 0.0
      for (i, a) in v { for (j, b) in w { sum += a * b * inverse[i * count + j] } }
      return sum
    }
  }

  init(treatments: [Int], blocks: [Int], cells: [Cell], observations: [Int]) {
    (self.treatments, self.blocks, self.cells, self.observations) = (treatments, blocks, cells, observations)
    var blocksOfTreatment = [[Int]](repeating: [], count: treatments.count)
    var treatmentsOfBlock = [[Int]](repeating: [], count: blocks.count)
    for cell in cells {
      blocksOfTreatment[cell.treatment].append(cell.block)
      treatmentsOfBlock[cell.block].append(cell.treatment)
    }
    self.blocksOfTreatment = blocksOfTreatment
    self.treatmentsOfBlock = treatmentsOfBlock
    if cells.count == treatments.count * blocks.count {
      reduced = nil
    } else {
      let blocksRemain = blocks.count < treatments.count
      reduced = Self.reduce(
        remaining: blocksRemain ? treatmentsOfBlock : blocksOfTreatment,
        eliminated: blocksRemain ? blocksOfTreatment : treatmentsOfBlock, blocksRemain: blocksRemain)
    }
  }

  private static func reduce(remaining: [[Int]], eliminated: [[Int]], blocksRemain: Bool) -> Reduced? {
    let count = remaining.count
    var laplacian = [Double](repeating: 0, count: count * count)
    for i in 0..<count { laplacian[i * count + i] = Double(remaining[i].count) }
    for members in eliminated {
      let share = 1 / Double(members.count)
      for i in members { for j in members { laplacian[i * count + j] -= share } }
    }
    let ground = remaining.indices.max { (remaining[$0].count, $1) < (remaining[$1].count, $0) } ?? 0
    let kept = (0..<count).filter { $0 != ground }
    let grounded = kept.flatMap { i in kept.map { j in laplacian[i * count + j] } }
    guard let factor = CholeskyFactor(grounded, count: kept.count) else { return nil }
    let small = factor.inverse()
    var inverse = [Double](repeating: 0, count: count * count)
    for (i, row) in kept.enumerated() {
      for (j, column) in kept.enumerated() { inverse[row * count + column] = small[i * kept.count + j] }
    }
    return Reduced(blocksRemain: blocksRemain, count: count, ground: ground, factor: factor, inverse: inverse)
  }

  /// The number of parameters: one a treatment and one a block, less the level that they share.
  var rank: Int { treatments.count + blocks.count - 1 }

  /// Whether every treatment has a cell in every block.
  var isComplete: Bool { reduced == nil }

  /// The number of a treatment's cells.
  func cellCount(ofTreatment treatment: Int) -> Int { blocksOfTreatment[treatment].count }

  /// The effects of least squares: of treatments, whose level they carry, and of blocks, with a mean of zero.
  func solve(_ values: [Double]) -> (treatments: [Double], blocks: [Double]) {
    let center = values.compensatedSum() / Double(values.count)
    var residuals = values.map { $0 - center }
    var treatmentEffects = [Double](repeating: center, count: treatments.count)
    var blockEffects = [Double](repeating: 0, count: blocks.count)
    // The second step removes what rounding left of the first.
    for _ in 0..<2 {
      let step = reduced.map { solveOnce(residuals, $0) } ?? solveComplete(residuals)
      let mean = step.blocks.compensatedSum() / Double(blocks.count)
      for i in treatmentEffects.indices { treatmentEffects[i] += step.treatments[i] + mean }
      for j in blockEffects.indices { blockEffects[j] += step.blocks[j] - mean }
      for (index, cell) in cells.enumerated() {
        residuals[index] -= step.treatments[cell.treatment] + step.blocks[cell.block]
      }
    }
    return (treatmentEffects, blockEffects)
  }

  private func means(_ values: [Double], by index: KeyPath<Cell, Int>, count: Int) -> [Double] {
    var sums = [CompensatedSum](repeating: CompensatedSum(), count: count)
    var counts = [Double](repeating: 0, count: count)
    for (cell, value) in zip(cells, values) {
      sums[cell[keyPath: index]].add(value)
      counts[cell[keyPath: index]] += 1
    }
    return zip(sums, counts).map { $0.value / $1 }
  }

  private func solveComplete(_ values: [Double]) -> (treatments: [Double], blocks: [Double]) {
    let level = values.compensatedSum() / Double(values.count)
    return (
      means(values, by: \.treatment, count: treatments.count),
      means(values, by: \.block, count: blocks.count).map { $0 - level }
    )
  }

  private func solveOnce(_ values: [Double], _ reduced: Reduced) -> (treatments: [Double], blocks: [Double]) {
    let remaining: KeyPath<Cell, Int> = reduced.blocksRemain ? \.block : \.treatment
    let eliminated: KeyPath<Cell, Int> = reduced.blocksRemain ? \.treatment : \.block
    let eliminatedCount = reduced.blocksRemain ? treatments.count : blocks.count
    let centers = means(values, by: eliminated, count: eliminatedCount)
    var rightSide = [Double](repeating: 0, count: reduced.count)
    for (cell, value) in zip(cells, values) {
      rightSide[cell[keyPath: remaining]] += value - centers[cell[keyPath: eliminated]]
    }
    rightSide.remove(at: reduced.ground)
    var effects = reduced.factor.solve(rightSide)
    effects.insert(0, at: reduced.ground)
    let rests = zip(cells, values).map { cell, value in value - effects[cell[keyPath: remaining]] }
    let others = means(rests, by: eliminated, count: eliminatedCount)
    return reduced.blocksRemain ? (others, effects) : (effects, others)
  }
}

// MARK: - Covariances, in units of the residual variance

extension BlockedComponent {
  /// The covariance of two contrasts of treatments, whose weights sum to zero.
  func covariance(_ first: [(index: Int, weight: Double)], _ second: [(index: Int, weight: Double)]) -> Double {
    guard let reduced, reduced.blocksRemain else {
      if let reduced { return reduced.product(first, second) }
      return own(first, second) { _ in 1 / Double(blocks.count) }
    }
    return own(first, second) { 1 / Double(blocksOfTreatment[$0].count) }
      + reduced.product(spread(first), spread(second))
  }

  private func own(
    _ first: [(index: Int, weight: Double)], _ second: [(index: Int, weight: Double)], _ variance: (Int) -> Double
  ) -> Double {
    // Contrasts are mostly of two treatments, and seldom of so many that a dictionary would pay.
    if first.count * second.count <= 64 {
      var sum = 0.0
      for (i, a) in first { for (j, b) in second where i == j { sum += a * b * variance(i) } }
      return sum
    }
    let weights = Dictionary(second.map { ($0.index, $0.weight) }, uniquingKeysWith: +)
    return first.reduce(0) { $0 + $1.weight * (weights[$1.index] ?? 0) * variance($1.index) }
  }

  /// What a combination of treatments takes from each block.
  private func spread(_ weights: [(index: Int, weight: Double)]) -> [(index: Int, weight: Double)] {
    var sums = [Int: Double]()
    for (treatment, weight) in weights {
      let members = blocksOfTreatment[treatment]
      for block in members { sums[block, default: 0] += weight / Double(members.count) }
    }
    return sums.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
  }

  /// The variance of a treatment's adjusted mean.
  func meanVariance(_ treatment: Int) -> Double {
    let share = 1 / Double(blocks.count)
    guard let reduced else { return share }
    if reduced.blocksRemain {
      let members = blocksOfTreatment[treatment]
      var weights = blocks.indices.map { (index: $0, weight: share) }
      for block in members { weights[block].weight -= 1 / Double(members.count) }
      return 1 / Double(members.count) + reduced.product(weights, weights)
    }
    var weights = treatments.indices.map { (index: $0, weight: 0.0) }
    weights[treatment].weight = 1
    var variance = 0.0
    for members in treatmentsOfBlock {
      variance += share * share / Double(members.count)
      for member in members { weights[member].weight -= share / Double(members.count) }
    }
    return variance + reduced.product(weights, weights)
  }

  /// The variance of a cell's fitted value: its leverage.
  func leverage(_ cell: Cell) -> Double {
    guard let reduced else {
      let (t, b) = (Double(treatments.count), Double(blocks.count))
      return 1 / t + 1 / b - 1 / (t * b)
    }
    let members = reduced.blocksRemain ? blocksOfTreatment[cell.treatment] : treatmentsOfBlock[cell.block]
    let share = 1 / Double(members.count)
    let own = reduced.blocksRemain ? cell.block : cell.treatment
    let weights = members.map { (index: $0, weight: $0 == own ? 1 - share : -share) }
    return share + reduced.product(weights, weights)
  }
}
