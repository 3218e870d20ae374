/// What the residuals of an additive model say of its assumptions.
public struct Diagnostics: Sendable {
  /// How much a treatment's residuals spread, next to those of all others.
  public struct Spread: Sendable, Hashable {
    /// The index of the treatment.
    public let treatment: Int
    /// The standard deviation of its runs beside their blocks.
    public let standardDeviation: Double
    /// Whether its variance is larger than that of the others; exact in complete blocks of normal values.
    public let test: FTest
  }

  /// A value that the model does not expect.
  public struct Outlier: Sendable, Hashable {
    /// The observation.
    public let observation: BlockedSample.Observation
    /// The residual in units of the standard deviation that the other observations have.
    public let studentizedResidual: Double
    /// The p-value, corrected for the number of observations.
    public let adjustedPValue: Double
  }

  /// Whether the treatments differ in the spread of their residuals, by Brown and Forsythe; nil where it is unknown.
  public let equalSpread: FTest?
  /// The spread of each treatment with three values or more, where there are others to compare it with.
  public let spreads: [Spread]
  /// Whether blocks change differences in proportion to what they compare, by Tukey's one degree of freedom; nil where
  /// it is unknown.
  public let additivity: FTest?
  /// The externally studentized residual of each of the sample's observations; nil where it is unknown.
  public let studentizedResiduals: [Double?]
  /// The observations whose residual is too large for chance, with a corrected p-value below 0.05.
  public let outliers: [Outlier]
  /// The correlation of the residuals' magnitudes with the fitted values; nil where one of them has no spread.
  public let spreadCorrelation: Double?

  /// Examines a fit.
  ///
  /// - Source: Brown and Forsythe, Journal of the American Statistical Association 69, 1974; Tukey, Biometrics 5, 1949;
  ///   Russell and Bradley, Biometrika 45, 1958, for a treatment's variance; Cook and Weisberg, Residuals and Influence
  ///   in Regression, 1982, for outliers.
  public init(_ fit: BlockedFit) {
    let observations = fit.sample.observations
    guard fit.hasSpread else {
      (equalSpread, spreads, additivity, spreadCorrelation, outliers) = (nil, [], nil, nil, [])
      studentizedResiduals = observations.map { _ in nil }
      return
    }
    let leverages = fit.leverages
    let residual = fit.residualSumOfSquares
    let degrees = Double(fit.residualDegreesOfFreedom)
    var indices = [[Int]](repeating: [], count: fit.sample.treatmentCount)
    for (index, observation) in observations.enumerated() { indices[observation.treatment].append(index) }
    equalSpread = FTest.brownForsythe(indices.map { $0.map { fit.residuals[$0] } })
    spreads = fit.treatmentSpreads.compactMap { spread in
      spread.test.map {
        Spread(
          treatment: spread.treatment,
          standardDeviation: (spread.sumOfSquares / spread.degreesOfFreedom).squareRoot(), test: $0)
      }
    }
    additivity = Self.additivity(fit)
    let studentized = zip(fit.residuals, leverages).map { value, leverage -> Double? in
      let free = 1 - leverage
      guard free > 1e-9, degrees > 1 else { return nil }
      let rest = residual - value * value / free
      return rest > 1e-12 * residual ? value / (rest / (degrees - 1) * free).squareRoot() : nil
    }
    studentizedResiduals = studentized
    outliers = zip(observations, studentized).compactMap { observation, value in
      guard let value else { return nil }
      let p = StudentT(degreesOfFreedom: degrees - 1).twoSidedProbability(value) * Double(observations.count)
      return p < 0.05
        ? Outlier(observation: observation, studentizedResidual: value, adjustedPValue: p) : nil
    }
    spreadCorrelation = Self.correlation(fit.residuals.map(abs), fit.fitted)
  }

  /// Tukey's test by the regression that it is: of the residuals on the squares of the fitted values, both free of what
  /// treatments and blocks explain.
  private static func additivity(_ fit: BlockedFit) -> FTest? {
    var (product, square, total) = (0.0, 0.0, 0.0)
    for component in fit.components {
      let fitted = component.observations.map { fit.fitted[$0] }
      let mean = fitted.compensatedSum() / Double(fitted.count)
      let squares = fitted.map { ($0 - mean) * ($0 - mean) }
      let effects = component.solve(squares)
      for ((cell, observation), value) in zip(zip(component.cells, component.observations), squares) {
        let rest = value - effects.treatments[cell.treatment] - effects.blocks[cell.block]
        product += rest * fit.residuals[observation]
        square += rest * rest
        total += value * value
      }
    }
    guard square > 1e-20 * total else { return nil }
    let explained = product * product / square
    return FTest(
      explained, 1, residual: fit.residualSumOfSquares - explained, Double(fit.residualDegreesOfFreedom - 1))
  }

  private static func correlation(_ first: [Double], _ second: [Double]) -> Double? {
    let (a, b) = (Bootstrap.mean(first), Bootstrap.mean(second))
    let products = zip(first, second).map { ($0 - a) * ($1 - b) }.compensatedSum()
    let squares = (
      first.map { ($0 - a) * ($0 - a) }.compensatedSum(), second.map { ($0 - b) * ($0 - b) }.compensatedSum()
    )
    guard squares.0 > 0, squares.1 > 0 else { return nil }
    return products / (squares.0 * squares.1).squareRoot()
  }
}
