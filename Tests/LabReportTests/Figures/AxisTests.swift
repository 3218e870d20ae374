import Foundation
import LabReport
import Testing

/// Scales with their marks.
@Suite struct AxisTests {
  private func labels(_ axis: Axis) -> [String] { axis.ticks.map(\.label) }

  @Test func marksAreRoundNumbers() {
    #expect(labels(Axis([-5.03, 1.1], length: 400, format: .signed)) == ["−5", "−4", "−3", "−2", "−1", "0", "+1"])
    #expect(labels(Axis([0.1, 0.32], length: 300, padding: 0)) == ["0.10", "0.15", "0.20", "0.25", "0.30"])
    #expect(labels(Axis([0, 1], length: 120, padding: 0)) == ["0.0", "0.5", "1.0"])
    #expect(labels(Axis([1, 4], length: 900, format: .whole, padding: 0)) == ["1", "2", "3", "4"])
    #expect(labels(Axis([1], length: 300, format: .whole)) == ["1"])
    #expect(
      labels(Axis([0, 2_500_000], length: 300, format: .count)) == ["0", "500 k", "1 M", "1.5 M", "2 M", "2.5 M"])
  }

  @Test func marksOfPowersAreRound() {
    let axis = Axis([3e3, 4e7], length: 600, isLogarithmic: true, format: .count)
    #expect(labels(axis) == ["3 k", "10 k", "30 k", "100 k", "300 k", "1 M", "3 M", "10 M", "30 M"])
    #expect(abs(axis.position(1e5) - (axis.position(1e4) + axis.position(1e6)) / 2) < 1e-9)
    let wide = Axis([1e-250, 1e250], length: 300, isLogarithmic: true)
    #expect(wide.ticks.count > 1 && wide.ticks.count < 10)
    #expect(labels(Axis([40, 60], length: 300, isLogarithmic: true)).contains("60"))
    #expect(!Axis([-1, 0], length: 300, isLogarithmic: true).isLogarithmic)
  }

  /// Ranges that are hard: nothing, one value, equal values, negative zero, subnormal, huge, unknown.
  private static let ranges: [[Double]] = [
    [], [.nan], [5], [0], [-0.0, 0], [7.25, 7.25, 7.25], [1e9, 1e9 + 1e-7],
    [.leastNonzeroMagnitude, .leastNormalMagnitude], [1e-12, 3e-12],
    [-.greatestFiniteMagnitude, .greatestFiniteMagnitude], [.infinity, 1, 2], [-1e-300, 1e300], [99.999, 100.001],
    [123_456_789, 123_456_790],
  ]

  @Test(arguments: ranges, [60.0, 300, 1200]) func placesAreOnTheScale(_ values: [Double], _ length: Double) {
    for isVertical in [false, true] {
      for isLogarithmic in [false, true] {
        for format in [Axis.Format.number, .signed, .whole, .count, .bytes, .seconds] {
          let axis = Axis(values, length: length, isVertical: isVertical, isLogarithmic: isLogarithmic, format: format)
          #expect(axis.lower < axis.upper && axis.lower.isFinite && axis.upper.isFinite)
          for value in values + axis.ticks.map(\.value) where value.isFinite {
            #expect((0...length).contains(axis.position(value)))
          }
          #expect(axis.ticks.allSatisfy { !$0.label.contains("n") && !$0.label.hasPrefix("-") && $0.label != "−0" })
          #expect(Set(labels(axis)).count == axis.ticks.count, "\(labels(axis))")
          let places = axis.ticks.map { axis.position($0.value) }
          for (index, tick) in axis.ticks.enumerated().dropFirst() {
            let widths = [axis.ticks[index - 1].label, tick.label].map { TextMeasure.width(of: $0, size: 11) }
            let needed = isVertical ? 12.0 : (widths[0] + widths[1]) / 2
            #expect(places[index] - places[index - 1] > needed, "\(labels(axis)) in \(length)")
          }
        }
      }
    }
    #expect(Axis(values, length: length).position(.nan).isNaN)
  }
}
