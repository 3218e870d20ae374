import LabStats
import Testing

@Suite struct DistributionTests {
  @Test func quantilesOfStudentMatchFiftyDigits() throws {
    let rows = try fixture("distributions")["t_quantiles"]?.rows ?? []
    #expect(rows.count > 150)
    for row in rows {
      let actual = StudentT(degreesOfFreedom: row[0]).quantile(row[1])
      // Next to the median, 1 − p and p − ½ are only known to the rounding of p itself.
      #expect(isClose(actual, row[2], 2e-12), "df \(row[0]), p \(row[1]): \(actual) instead of \(row[2])")
    }
  }

  @Test func tailsOfStudentMatchFiftyDigits() throws {
    for row in try fixture("distributions")["t_survival"]?.rows ?? [] {
      let distribution = StudentT(degreesOfFreedom: row[0])
      #expect(isClose(distribution.survival(row[1]), row[2]), "df \(row[0]), t \(row[1])")
      #expect(isClose(distribution.cumulativeProbability(-row[1]), row[2]))
      #expect(isClose(distribution.survival(-row[1]), 1 - row[2]))
    }
  }

  @Test func densityOfStudentMatchesFiftyDigits() throws {
    for row in try fixture("distributions")["t_density"]?.rows ?? [] {
      #expect(isClose(StudentT(degreesOfFreedom: row[0]).density(row[1]), row[2]), "df \(row[0]), t \(row[1])")
    }
  }

  @Test func normalMatchesSciPy() throws {
    let values = try fixture("distributions")
    for row in values["normal_quantiles"]?.rows ?? [] {
      #expect(isClose(StandardNormal().quantile(row[0]), row[1], 1e-11), "p \(row[0])")
    }
    for row in values["normal_survival"]?.rows ?? [] {
      #expect(isClose(StandardNormal().survival(row[0]), row[1]), "z \(row[0])")
    }
  }

  /// The table in the back of every textbook.
  @Test(arguments: [
    (1.0, 12.706), (2, 4.303), (3, 3.182), (4, 2.776), (5, 2.571), (9, 2.262), (10, 2.228), (30, 2.042), (120, 1.980),
  ])
  func criticalValuesAreThoseOfTheTables(degrees: Double, value: Double) {
    #expect(abs(StudentT(degreesOfFreedom: degrees).criticalValue(level: 0.95) - value) < 5e-4)
  }

  @Test(arguments: [0.3, 1, 2, 3.7, 12, 150, 1e4, 1e8])
  func quantileInvertsTheDistribution(degrees: Double) {
    let distribution = StudentT(degreesOfFreedom: degrees)
    for tail in [1e-30, 1e-9, 1e-4, 0.01, 0.2, 0.2499999, 0.2500001, 0.3, 0.45] {
      let t = distribution.quantile(tail)
      #expect(t < 0)
      #expect(isClose(distribution.cumulativeProbability(t), tail, 1e-11), "df \(degrees), p \(tail)")
    }
  }

  @Test func heavyTailsAreExact() {
    // Far out the tail is 1/(πt) with one degree of freedom and 1/(2t²) with two.
    #expect(isClose(StudentT(degreesOfFreedom: 1).quantile(1e-250), -1 / (Double.pi * 1e-250)))
    #expect(isClose(StudentT(degreesOfFreedom: 2).quantile(1e-100), -1 / (2 * 1e-100).squareRoot()))
  }

  @Test func manyDegreesOfFreedomApproachTheNormal() {
    for p in [1e-8, 0.01, 0.3, 0.6, 0.999] {
      let z = StandardNormal().quantile(p)
      // The next term of the expansion in 1/ν.
      let expected = z + (z * z * z + z) / (4 * 1e8)
      #expect(isClose(StudentT(degreesOfFreedom: 1e8).quantile(p), expected, 1e-10))
    }
  }

  @Test func endsAreInfinite() {
    let distribution = StudentT(degreesOfFreedom: 4)
    #expect(distribution.quantile(0) == -.infinity)
    #expect(distribution.quantile(1) == .infinity)
    #expect(distribution.quantile(0.5) == 0)
    #expect(distribution.survival(.infinity) == 0)
    #expect(distribution.cumulativeProbability(.infinity) == 1)
    #expect(distribution.twoSidedProbability(0) == 1)
  }
}
