import Foundation
import LabCore

/// Normal variables with variance 1, each a sum of common factors and of a part of its own, and the largest of them.
///
/// One factor is integrated exactly, several by ``FactorQuadrature`` or over a lattice: see ``MultivariateT``.
struct CorrelatedNormals: Sendable {
  /// Variables with the same factors.
  struct Group: Sendable {
    var loadings: [Double]
    var count: Double
    /// The standard deviation beside the factors.
    var own: Double
  }

  /// The variables.
  let groups: [Group]
  /// Whether the largest is that of the magnitudes.
  let isTwoSided: Bool

  /// All that a table depends on, by its bits, since values that are equal may have different ones.
  private struct Structure: Hashable {
    let groups: [[UInt64]]
    let isTwoSided: Bool
  }

  private struct LatticeSize: Hashable {
    let shiftCount: Int
    let factorCount: Int
  }

  // Tables of a page's metrics are the same, and so is a sweep's lattice while its runs complete.
  private static let tables = Memo<Structure, StudentizedExtreme.Table>(limit: 64)
  private static let lattices = Memo<LatticeSize, FactorQuadrature>(limit: 4)

  /// The probability that the largest exceeds a point.
  var table: StudentizedExtreme.Table {
    let structure = Structure(
      groups: groups.map { ($0.loadings + [$0.count, $0.own]).map(\.bitPattern) }, isTwoSided: isTwoSided)
    return Self.tables.value(structure, computedTable)
  }

  private func computedTable() -> StudentizedExtreme.Table {
    let factorCount = groups.first?.loadings.count ?? 0
    let isExact = factorCount <= 1
    let quadrature =
      isExact
      ? nil
      : FactorQuadrature(
        importances: (0..<factorCount).map { factor in
          groups.reduce(0) { max($0, abs($1.loadings[factor]) / $1.own) }
        }, isEven: isTwoSided, limit: groups.count > 40 ? 1000 : 8000)
    let (width, order) = isExact ? (0.5, 16) : quadrature != nil ? (0.5, 10) : (1.0, 10)
    let points = PanelTable.points(upper: isExact ? 12 : 8, width: width, order: order)
    let values =
      isExact ? integrate(at: points) : sample(quadrature ?? lattice(factorCount: factorCount), at: points)
    return .init(PanelTable(values: values, width: width, order: order), step: width)
  }

  /// What a standard normal variable's probabilities are asked for in place of each group's.
  private var scales: [Double] { groups.map { 1 / ($0.own * 2.0.squareRoot()) } }

  /// The probability that any variable exceeds each of some points, by the one factor that there is.
  private func integrate(at points: [Double]) -> [Double] {
    let loadings = groups.map { $0.loadings.first ?? 0 }
    let largest = loadings.lazy.map { abs($0) }.max() ?? 0
    let own = groups.lazy.map(\.own).min() ?? 1
    // Where a factor leaves little to chance, the product of many probabilities falls within a narrow range of it.
    let width = largest == 0 ? 0.5 : min(0.5, max(0.01, own / largest / 2))
    let normal = StandardNormal()
    let factor = Quadrature.panel.composite(from: isTwoSided ? 0 : -13, to: 13, width: width).map { z, weight in
      (z: z, weight: weight * (isTwoSided ? 2 : 1) * normal.density(z))
    }
    let (scales, counts) = (scales, groups.map(\.count))
    return points.map { point in
      var sum = 0.0
      for node in factor {
        var logNone = 0.0
        for index in scales.indices {
          let mean = loadings[index] * node.z
          var tail = 0.5 * erfc((point - mean) * scales[index])
          if isTwoSided { tail += 0.5 * erfc((point + mean) * scales[index]) }
          logNone += counts[index] * log1p(-min(1, tail))
        }
        sum += node.weight * -expm1(logNone)
      }
      return sum
    }
  }

  /// A lattice of factors, whose first coordinate, that of the most important factor, is evenly spaced.
  private func lattice(factorCount: Int) -> FactorQuadrature {
    // Many different statistics take half of the time for an error that is smoothed by their number.
    let size = LatticeSize(shiftCount: groups.count > 40 ? 1 : 2, factorCount: factorCount)
    return Self.lattices.value(size) {
      // Korobov's lattice, with the generator that has the least P₂ for ten coordinates of falling weight.
      let (latticeCount, generator) = (2039, 316)
      let stream = RandomStream(seed: 0, name: "multivariate-t")
      let normal = StandardNormal()
      let points = (0..<size.shiftCount).flatMap { shift in
        let offsets = (0..<factorCount).map { Double(stream.uniform(UInt64(shift), UInt64($0))) }
        return (0..<latticeCount).map { index in
          var multiple = index
          return (0..<factorCount).map { dimension in
            // Folding makes the integrand periodic, which lattices integrate better.
            let u = (Double(multiple) / Double(latticeCount) + offsets[dimension]).truncatingRemainder(dividingBy: 1)
            multiple = multiple * generator % latticeCount
            return normal.quantile(min(max(abs(2 * u - 1), 1e-15), 1 - 1e-15))
          }
        }
      }
      return FactorQuadrature(evenlyWeighted: points)
    }
  }

  /// The probability that any variable exceeds each of some points: the mean over the factors.
  private func sample(_ factors: FactorQuadrature, at points: [Double]) -> [Double] {
    var means = [Double]()
    means.reserveCapacity(factors.points.count * groups.count)
    for point in factors.points {
      for group in groups {
        var mean = 0.0
        for index in point.indices { mean += group.loadings[index] * point[index] }
        means.append(mean)
      }
    }
    let (scales, counts, isTwoSided) = (scales, groups.map(\.count), isTwoSided)
    return Parallel.results(of: points, chunkSize: 8) { [means] point in
      var sum = 0.0
      means.withUnsafeBufferPointer { means in
        for (number, weight) in factors.weights.enumerated() {
          let start = number * scales.count
          var none = 1.0
          for index in scales.indices {
            let (mean, scale) = (abs(means[start + index]), scales[index])
            var tail = 0.5 * erfc((point - (isTwoSided ? mean : means[start + index])) * scale)
            // The far tail is none for a factor's mean that is far off.
            let far = (point + mean) * scale
            if isTwoSided, far < 5 { tail += 0.5 * erfc(far) }
            none *= counts[index] == 1 ? 1 - min(1, tail) : pow(1 - min(1, tail), counts[index])
          }
          sum += weight * (1 - none)
        }
      }
      return sum
    }.map { (try? $0.get()) ?? .nan }
  }
}
