import Foundation
import LabCore
import LabGraph
import LabNN
import Testing

@Suite struct InitializerTests {
  private func moments(_ values: [Float]) -> (mean: Double, deviation: Double) {
    let mean = values.reduce(0) { $0 + Double($1) } / Double(values.count)
    let variance = values.reduce(0) { $0 + (Double($1) - mean) * (Double($1) - mean) } / Double(values.count)
    return (mean, variance.squareRoot())
  }

  @Test func kaimingNormalHasTheFansDeviation() {
    let kernel: Shape = [64, 32, 3, 3]
    for (fan, count) in [(Initializer.Fan.output, 64 * 9), (.input, 32 * 9)] {
      let values = Initializer.kaimingNormal(kernel, fan: fan).values(count: 18_432, seed: 1, name: "w")
      let (mean, deviation) = moments(values)
      let expected = (2 / Double(count)).squareRoot()
      #expect(abs(mean) < 0.02 * expected)
      #expect(abs(deviation / expected - 1) < 0.02)
    }
  }

  @Test func torchDefaultIsBoundedByTheFanIn() {
    let values = Initializer.torchDefault([10, 64]).values(count: 10_000, seed: 3, name: "fc.weight")
    #expect(values.allSatisfy { abs($0) <= 0.125 })
    #expect(values.contains { $0 > 0.124 } && values.contains { $0 < -0.124 })
    #expect(abs(moments(values).mean) < 0.002)
  }

  @Test func truncatedNormalHasNoTail() {
    let values = Initializer.truncatedNormal(standardDeviation: 0.02).values(count: 20_000, seed: 5, name: "w")
    #expect(values.allSatisfy { abs($0) <= 0.04 })
    // The deviation of a normal distribution that is cut at two of its deviations.
    #expect(abs(moments(values).deviation / (0.02 * 0.87962566) - 1) < 0.02)
  }

  @Test func normalHasMeanAndDeviation() {
    let values = Initializer.normal(mean: 3, standardDeviation: 2).values(count: 20_000, seed: 5, name: "w")
    let (mean, deviation) = moments(values)
    #expect(abs(mean - 3) < 0.05)
    #expect(abs(deviation - 2) < 0.05)
  }

  @Test func valuesFollowFromSeedAndNameOnly() {
    let initializer = Initializer.normal(standardDeviation: 1)
    let values = initializer.values(count: 8, seed: 1, name: "conv1.weight")
    #expect(initializer.values(count: 8, seed: 1, name: "conv1.weight") == values)
    #expect(initializer.values(count: 8, seed: 2, name: "conv1.weight") != values)
    #expect(initializer.values(count: 8, seed: 1, name: "conv2.weight") != values)
    // A longer tensor starts with the same numbers: an element's number depends on its position only.
    #expect(Array(initializer.values(count: 16, seed: 1, name: "conv1.weight").prefix(8)) == values)
  }

  @Test func changingOneLayerLeavesTheOthersAsTheyAre() throws {
    func values(kernelSize: Int) throws -> [String: [Float]] {
      let context = ModelContext(.evaluation)
      let images = try context.builder.input("images", [1, 3, 8, 8])
      var x = try Convolution(outputChannels: 4, kernelSize: kernelSize)(images, "conv1", in: context)
      x = try Convolution(outputChannels: 4, kernelSize: 3)(x, "conv2", in: context)
      _ = try Linear(outputFeatures: 2)(GlobalAveragePool()(x, in: context), "fc", in: context)
      return context.declarations.initialValues(seed: 9)
    }
    let (small, large) = (try values(kernelSize: 1), try values(kernelSize: 5))
    #expect(small["conv1.weight"]?.count != large["conv1.weight"]?.count)
    for name in ["conv2.weight", "fc.weight", "fc.bias"] { #expect(small[name] == large[name]) }
  }

  @Test func drawsAreKeptUpToACapacityTheOldestGoFirst() {
    let draws = RecentDraws(capacity: 100)
    var drawn: [String] = []
    func values(_ name: String, seed: UInt64 = 1, count: Int = 25) -> [Float] {
      draws.values(of: .init(initializer: .uniform(bound: 1), count: count, seed: seed, name: name)) {
        drawn.append("\(name) \(seed)")
        return [Float](repeating: Float(drawn.count), count: count)
      }
    }
    for name in ["a", "b", "c", "d"] { _ = values(name) }
    #expect(values("a") == [Float](repeating: 1, count: 25) && drawn == ["a 1", "b 1", "c 1", "d 1"])
    #expect(values("a", seed: 2)[0] == 5 && draws.elementCount == 100)
    #expect(values("b")[0] == 2 && values("a")[0] == 6, "the oldest went")
    // What would push out much else is not kept.
    #expect(values("large", count: 26)[0] == 7 && values("large", count: 26)[0] == 8)
    #expect(draws.elementCount == 100)
  }
}
