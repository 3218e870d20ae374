/// The least squares of the additive model: a value is its treatment's mean, its block's effect and a residual.
///
/// The residual's variance is taken from all treatments together. With complete blocks the adjusted means are plain ones
/// and every difference has the same standard error, √(2/n) of the residual standard deviation; with missing cells means
/// are adjusted for the blocks that a treatment was measured in, and a difference takes part in every chain of cells
/// that leads from one treatment to the other.
///
/// Complete blocks are solved in closed form. Otherwise the more numerous of treatments and blocks are eliminated, and
/// the equations of the others, centered first and refined once, are factored, which takes a time with the cube of their
/// number.
///
/// - Source: Scheffé, The Analysis of Variance, 1959, chapters 4 and 5; John and Williams, Cyclic and Computer Generated
///   Designs, 1995, chapter 1, for incomplete blocks.
public struct BlockedFit: Sendable {
  /// What was fitted.
  public let sample: BlockedSample
  /// The number of observations beyond the number of parameters.
  public let residualDegreesOfFreedom: Int
  /// The sum of the squared residuals.
  public let residualSumOfSquares: Double
  /// The fitted value of each observation.
  public let fitted: [Double]
  /// Each observation less its fitted value; exactly zero where no residual is more than the rounding of the values.
  public let residuals: [Double]
  /// The mean of each treatment over all blocks of its group, measured there or not; nil without an observation.
  public let adjustedMeans: [Double?]
  /// The effect of each of the sample's blocks, with a mean of zero over a group's blocks.
  public let blockEffects: [Double]
  /// The treatments that can be compared with each other, in groups; treatments without observations are in none.
  public let estimableGroups: [[Int]]
  let components: [BlockedComponent]
  /// The place of each treatment: its component and its index there.
  private let places: [(component: Int, index: Int)?]

  /// Fits the model.
  public init(_ sample: BlockedSample) {
    self.sample = sample
    components = Self.components(of: sample)
    var fitted = [Double](repeating: 0, count: sample.observations.count)
    var residuals = fitted
    var means = [Double?](repeating: nil, count: sample.treatmentCount)
    var effects = [Double](repeating: 0, count: sample.blocks.count)
    var places = [(component: Int, index: Int)?](repeating: nil, count: sample.treatmentCount)
    for (number, component) in components.enumerated() {
      let solution = component.solve(component.observations.map { sample.observations[$0].value })
      for (index, treatment) in component.treatments.enumerated() {
        places[treatment] = (number, index)
        means[treatment] = solution.treatments[index]
      }
      for (index, block) in component.blocks.enumerated() { effects[block] = solution.blocks[index] }
      for (cell, observation) in zip(component.cells, component.observations) {
        fitted[observation] = solution.treatments[cell.treatment] + solution.blocks[cell.block]
        residuals[observation] = sample.observations[observation].value - fitted[observation]
      }
    }
    // As of paired differences: 28/30 − 27/30 and 25/30 − 24/30 are the same share, but not the same number.
    let resolution = 32 * .ulpOfOne * sample.observations.reduce(0) { max($0, abs($1.value)) }
    if residuals.allSatisfy({ abs($0) <= resolution }) {
      residuals = residuals.map { _ in 0 }
      fitted = sample.observations.map(\.value)
    }
    self.fitted = fitted
    self.residuals = residuals
    self.places = places
    adjustedMeans = means
    blockEffects = effects
    estimableGroups = components.map(\.treatments)
    residualSumOfSquares = residuals.lazy.map { $0 * $0 }.compensatedSum()
    residualDegreesOfFreedom = sample.observations.count - components.reduce(0) { $0 + $1.rank }
  }

  /// The standard deviation of the residuals; nil without degrees of freedom.
  public var residualStandardDeviation: Double? {
    residualDegreesOfFreedom > 0 ? (residualSumOfSquares / Double(residualDegreesOfFreedom)).squareRoot() : nil
  }

  /// Whether there are residuals to take standard errors from.
  public var hasSpread: Bool { residualDegreesOfFreedom > 0 && residualSumOfSquares > 0 }

  /// The difference of two treatments' means.
  ///
  /// - Returns: nil where the data connect the two through no chain of shared blocks.
  public func difference(of treatment: Int, to reference: Int) -> Contrast? {
    guard treatment != reference else { return nil }
    return contrast([treatment: 1, reference: -1])
  }

  /// A linear combination of treatments' means, whose weights sum to zero in every group that they touch.
  ///
  /// - Returns: nil where it is not estimable.
  public func contrast(_ weights: [Int: Double]) -> Contrast? {
    guard let parts = parts(weights) else { return nil }
    var (estimate, variance) = (CompensatedSum(), 0.0)
    for (number, part) in parts {
      let component = components[number]
      for (index, weight) in part { estimate.add(weight * (adjustedMeans[component.treatments[index]] ?? 0)) }
      variance += component.covariance(part, part)
    }
    return Contrast(
      estimate: estimate.value, standardError: residualStandardDeviation.map { $0 * max(0, variance).squareRoot() },
      degreesOfFreedom: Double(residualDegreesOfFreedom))
  }

  /// The covariance of two contrasts in units of the residual variance; nil where one is not estimable.
  public func covarianceFactor(_ first: [Int: Double], _ second: [Int: Double]) -> Double? {
    guard let first = parts(first), let second = parts(second) else { return nil }
    return first.reduce(0) { sum, entry in
      sum + (second[entry.key].map { components[entry.key].covariance(entry.value, $0) } ?? 0)
    }
  }

  /// The standard error of an adjusted mean, on these blocks; nil without observations and without residuals.
  public func standardError(ofMean treatment: Int) -> Double? {
    guard hasSpread, let place = places[treatment], let deviation = residualStandardDeviation else { return nil }
    return deviation * components[place.component].meanVariance(place.index).squareRoot()
  }

  /// The group of a treatment as its component, and its index there.
  func place(of treatment: Int) -> (component: BlockedComponent, index: Int)? {
    guard places.indices.contains(treatment), let place = places[treatment] else { return nil }
    return (components[place.component], place.index)
  }

  /// The leverage of each observation.
  var leverages: [Double] {
    var leverages = [Double](repeating: 0, count: sample.observations.count)
    for component in components {
      for (cell, observation) in zip(component.cells, component.observations) {
        leverages[observation] = component.leverage(cell)
      }
    }
    return leverages
  }

  /// The weights by component; nil unless they sum to zero in each.
  func parts(_ weights: [Int: Double]) -> [Int: [(index: Int, weight: Double)]]? {
    var parts = [Int: [(index: Int, weight: Double)]]()
    for (treatment, weight) in weights.sorted(by: { $0.key < $1.key }) where weight != 0 {
      guard places.indices.contains(treatment), let place = places[treatment] else { return nil }
      parts[place.component, default: []].append((place.index, weight))
    }
    for part in parts.values {
      let size = part.reduce(0) { $0 + abs($1.weight) }
      guard abs(part.map(\.weight).compensatedSum()) <= 1e-12 * size else { return nil }
    }
    return parts.isEmpty ? nil : parts
  }

  private static func components(of sample: BlockedSample) -> [BlockedComponent] {
    // Treatments and then blocks are the nodes of a graph with a line for every cell.
    var parents = Array(0..<(sample.treatmentCount + sample.blocks.count))
    func root(_ node: Int) -> Int {
      var node = node
      while parents[node] != node {
        parents[node] = parents[parents[node]]
        node = parents[node]
      }
      return node
    }
    for (observation, block) in zip(sample.observations, sample.blockIndices) {
      let (a, b) = (root(observation.treatment), root(sample.treatmentCount + block))
      parents[max(a, b)] = min(a, b)
    }
    var members = [Int: [Int]]()
    for (index, observation) in sample.observations.enumerated() {
      members[root(observation.treatment), default: []].append(index)
    }
    return members.sorted { $0.key < $1.key }.map { _, observations in
      let treatments = Set(observations.map { sample.observations[$0].treatment }).sorted()
      let blocks = Set(observations.map { sample.blockIndices[$0] }).sorted()
      let treatmentPlaces = Dictionary(uniqueKeysWithValues: zip(treatments, treatments.indices))
      let blockPlaces = Dictionary(uniqueKeysWithValues: zip(blocks, blocks.indices))
      let cells = observations.map { index in
        BlockedComponent.Cell(
          treatment: treatmentPlaces[sample.observations[index].treatment] ?? 0,
          block: blockPlaces[sample.blockIndices[index]] ?? 0)
      }
      return BlockedComponent(treatments: treatments, blocks: blocks, cells: cells, observations: observations)
    }
  }
}
