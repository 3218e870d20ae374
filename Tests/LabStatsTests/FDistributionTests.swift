import LabStats
import Testing

@Suite struct FDistributionTests {
  @Test func tailsMatchSciPy() throws {
    let rows = try fixture("chance")["f_tails"]?.rows ?? []
    #expect(rows.count > 150)
    for row in rows {
      let survival = FDistribution(numerator: row[0], denominator: row[1]).survival(row[2])
      #expect(isClose(survival, row[3], 1e-9), "\(row)")
    }
    #expect(FDistribution(numerator: 2, denominator: 3).survival(0) == 1)
  }
}
