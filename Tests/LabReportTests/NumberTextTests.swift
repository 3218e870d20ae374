import Foundation
import LabReport
import Testing

@Suite struct NumberTextTests {
  @Test func fixedDecimals() {
    #expect(NumberText.fixed(1.005, decimals: 1) == "1.0")
    #expect(NumberText.fixed(-2.5, decimals: 2) == "−2.50")
    #expect(NumberText.fixed(0.5, decimals: 2, signed: true) == "+0.50")
    #expect(NumberText.fixed(-0.001, decimals: 2, signed: true) == "0.00")
    #expect(NumberText.fixed(.nan, decimals: 2) == "–")
    #expect(NumberText.fixed(-.infinity, decimals: 2) == "–")
  }

  /// They are rounded as C rounds them, however many digits they have.
  @Test func fixedDecimalsAreThoseOfC() {
    let extremes = [1e300, .leastNonzeroMagnitude, Double.greatestFiniteMagnitude]
    for value in [0.125, 0.375, 2.675, 99.995, 1e22, 1.0 / 3] + extremes {
      for decimals in [0, 2, 17, 400] {
        let expected = String(format: "%.\(decimals)f", value)
        #expect(NumberText.fixed(value, decimals: decimals) == expected)
      }
    }
  }

  @Test(arguments: [
    (0, "0"), (999, "999"), (1000, "1.000 k"), (272_474, "272.5 k"), (999_949, "999.9 k"), (999_999, "1.000 M"),
    (11_689_512, "11.69 M"), (9_999_600, "10.00 M"), (1_814_073_344, "1.814 G"), (99_996_000, "100.0 M"),
  ])
  func countsAreThoseOfPapers(value: Int, text: String) {
    #expect(NumberText.count(value) == text)
  }

  @Test(arguments: [
    (0, "0 B"), (1023, "1023 B"), (1024, "1.00 KiB"), (123_456_789, "118 MiB"), (4_194_304, "4.00 MiB"),
    (1_073_741_823, "1.00 GiB"),
  ])
  func bytes(value: Int, text: String) {
    #expect(NumberText.bytes(value) == text)
  }

  @Test(arguments: [
    (0.25, "0.25 s"), (9.996, "10.0 s"), (65.23, "65.2 s"), (99.96, "1.7 min"), (742, "12.4 min"), (11_520, "3.2 h"),
    (5998, "1.7 h"),
  ])
  func durationsInColumns(seconds: Double, text: String) {
    #expect(NumberText.seconds(seconds) == text)
  }

  @Test(arguments: [
    (0.2, "0 s"), (59.6, "1 min 00 s"), (185, "3 min 05 s"), (3725, "1 h 02 min"), (183_600, "2 d 03 h"), (-1, "–"),
    (.infinity, "–"), (.nan, "–"),
  ])
  func durationsToWaitFor(seconds: Double, text: String) {
    #expect(NumberText.remaining(seconds) == text)
  }

  @Test func otherNumbers() {
    #expect(NumberText.grouped(1_234_567) == "1,234,567")
    #expect(NumberText.grouped(-1000) == "−1,000")
    #expect(NumberText.grouped(12) == "12")
    #expect(NumberText.rate(5120.4) == "5,120")
    #expect(NumberText.rate(3.14159) == "3.14")
    #expect(NumberText.significant(0.0123456, digits: 3) == "0.0123")
    #expect(NumberText.significant(1.5e-9, digits: 2) == "1.5e−09")
    #expect(NumberText.significant(0, digits: 3) == "0")
    #expect(NumberText.probability(0.0004) == "<0.001")
    #expect(NumberText.probability(0.04) == "0.040")
    #expect(NumberText.percentage(0.95) == "95 %")
    #expect(NumberText.percentage(0.999) == "99.9 %")
  }

  @Test func rangesOfSeeds() {
    #expect(NumberText.ranges([]).isEmpty)
    #expect(NumberText.ranges([3]) == "3")
    #expect(NumberText.ranges([1, 0]) == "0, 1")
    #expect(NumberText.ranges([0, 1, 2, 4, 7, 8, 9]) == "0–2, 4, 7–9")
    #expect(NumberText.ranges([.max, .max - 1, .max - 2]) == "\(UInt64.max - 2)–\(UInt64.max)")
    #expect(NumberText.ranges([5, 5]) == "5")
  }
}
