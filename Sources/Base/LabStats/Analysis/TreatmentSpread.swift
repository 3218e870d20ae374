/// What a treatment's runs contribute to the residual sum of squares, next to those of all others.
struct TreatmentSpread: Sendable {
  /// The index of the treatment.
  let treatment: Int
  /// In complete blocks exactly what the sum of squares loses without the treatment.
  let sumOfSquares: Double
  /// The degrees of freedom of the treatment's runs.
  let degreesOfFreedom: Double
  /// The sum of squares of the others; zero where it is no more than the rounding of the whole.
  let rest: Double
  /// The degrees of freedom of the others.
  let restDegreesOfFreedom: Double

  /// Whether the treatment's variance is larger than that of the others; nil where those have no spread.
  var test: FTest? { FTest(sumOfSquares, degreesOfFreedom, residual: rest, restDegreesOfFreedom) }

  /// The p-value of a variance as large.
  var pValue: Double { test?.pValue ?? (sumOfSquares > 0 ? 0 : 1) }

  /// The standard deviation of the treatment's runs in units of that of the others.
  var ratio: Double { test.map { $0.statistic.squareRoot() } ?? (sumOfSquares > 0 ? .infinity : 1) }
}

extension BlockedFit {
  /// The spread of each treatment with three values or more, where there are others to compare it with.
  var treatmentSpreads: [TreatmentSpread] {
    guard hasSpread else { return [] }
    let leverages = leverages
    let degrees = Double(residualDegreesOfFreedom)
    var indices = [[Int]](repeating: [], count: sample.treatmentCount)
    for (index, observation) in sample.observations.enumerated() { indices[observation.treatment].append(index) }
    return indices.enumerated().compactMap { treatment, indices in
      let own = Double(indices.count - 1)
      guard indices.count >= DifferenceCaveat.smallestCount, degrees > own else { return nil }
      let parts = indices.map { index in
        let free = 1 - leverages[index]
        return free > 1e-9 ? residuals[index] * residuals[index] / free : 0
      }
      let squares = min(residualSumOfSquares, parts.compensatedSum() * own / (own + 1))
      let rest = residualSumOfSquares - squares
      return TreatmentSpread(
        treatment: treatment, sumOfSquares: squares, degreesOfFreedom: own,
        rest: rest > 1e-12 * residualSumOfSquares ? rest : 0, restDegreesOfFreedom: degrees - own)
    }
  }

  /// The number of treatments with observations.
  var measuredCount: Int { estimableGroups.reduce(0) { $0 + $1.count } }
}

extension BlockedSample {
  /// The observations of some treatments, whose indices stay.
  func filtered(_ isKept: (Int) -> Bool) -> BlockedSample {
    BlockedSample(observations.filter { isKept($0.treatment) }, treatmentCount: treatmentCount)
  }
}

extension BlockedComponent {
  /// The sum of the squares of the weights that each treatment's cells have in a contrast, whose weights sum to zero.
  ///
  /// Any weights whose expectation is the contrast are those of least squares once they are fitted themselves: here 1 and −1
  /// along chains of shared blocks.
  func squaredWeights(_ contrast: [(index: Int, weight: Double)]) -> [Double] {
    guard !isComplete else {
      var squares = [Double](repeating: 0, count: treatments.count)
      for (index, weight) in contrast { squares[index] += weight * weight / Double(blocks.count) }
      return squares
    }
    // Cells are in the order of treatments, and of a treatment's blocks.
    func cell(_ treatment: Int, _ block: Int) -> Int {
      let start = blocksOfTreatment[..<treatment].reduce(0) { $0 + $1.count }
      return start + (blocksOfTreatment[treatment].firstIndex(of: block) ?? 0)
    }
    var chain = [Double](repeating: 0, count: cells.count)
    let end = contrast.last?.index ?? 0
    for (index, weight) in contrast where index != end {
      for (from, block, to) in steps(from: end, to: index) {
        chain[cell(to, block)] += weight
        chain[cell(from, block)] -= weight
      }
    }
    let effects = solve(chain)
    var squares = [Double](repeating: 0, count: treatments.count)
    for cell in cells {
      let weight = effects.treatments[cell.treatment] + effects.blocks[cell.block]
      squares[cell.treatment] += weight * weight
    }
    return squares
  }

  /// The shortest way from one treatment to another through blocks that two of them share.
  func steps(from start: Int, to end: Int) -> [(from: Int, block: Int, to: Int)] {
    if let block = blocksOfTreatment[start].first(where: blocksOfTreatment[end].contains) {
      return [(start, block, end)]
    }
    var arrivals = [Int: (from: Int, block: Int)]()
    var (queue, position) = ([start], 0)
    var passedBlocks = Set<Int>()
    while position < queue.count, arrivals[end] == nil {
      let from = queue[position]
      position += 1
      for block in blocksOfTreatment[from] where passedBlocks.insert(block).inserted {
        for to in treatmentsOfBlock[block] where to != start && arrivals[to] == nil {
          arrivals[to] = (from, block)
          queue.append(to)
        }
      }
    }
    var (steps, place) = ([(from: Int, block: Int, to: Int)](), end)
    while place != start, let arrival = arrivals[place] {
      steps.append((arrival.from, arrival.block, place))
      place = arrival.from
    }
    return steps
  }
}
