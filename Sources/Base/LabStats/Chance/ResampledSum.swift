import Foundation

/// The bootstrap distribution of a sum of small whole numbers, worked out instead of drawn.
///
/// Images that are drawn with replacement are independent, so that the characteristic function of the sum is that of one
/// image to the power of their number, and its inverse Fourier transform gives the probabilities. It is what infinitely
/// many resamples would give: also far in the tails, where a few thousand say nothing, and in less time than ten of them
/// take.
///
/// - Source: Hong, "On computing the distribution function for the Poisson binomial distribution", Computational Statistics
///   and Data Analysis 59, 2013, for the transform.
struct ResampledSum: Sendable, Hashable {
  /// The sum of the numbers themselves, which is the mean of the distribution.
  let center: Int
  /// The distance below the center of the first sum that has a probability.
  private let reach: Int
  /// The probability of a sum of at most `center − reach + index`.
  private let cumulative: [Double]

  /// What is left out at either end.
  private static let tail = 1e-14

  /// Works out the distribution.
  ///
  /// - Parameter counts: how many images there are of each number.
  init(counts: [Int: Int]) {
    let counts = counts.filter { $0.value > 0 }.sorted { $0.key < $1.key }
    let images = Double(counts.reduce(0) { $0 + $1.value })
    center = counts.reduce(0) { $0 + $1.key * $1.value }
    guard images > 0, counts.count > 1 else {
      reach = 0
      cumulative = [1]
      return
    }
    let mean = Double(center) / images
    let variance = counts.reduce(0.0) { sum, entry in
      let deviation = Double(entry.key) - mean
      return sum + deviation * deviation * Double(entry.value)
    }
    // Bernstein's inequality: what lies farther out is less likely than the tail.
    let bound = counts.reduce(0.0) { max($0, abs(Double($1.key) - mean)) }
    let exponent = log(2 / ResampledSum.tail)
    let linear = bound * exponent / 3
    reach = Int((linear + (linear * linear + 2 * variance * exponent).squareRoot()).rounded(.up))
    let size = 2 * reach + 1
    let circle = (0..<size).map { 2 * Double.pi * Double($0) / Double(size) }
    let (cosines, sines) = (circle.map { cos($0) }, circle.map { sin($0) })
    var probabilities = [Double](repeating: 1, count: size)
    for frequency in 1...max(1, reach) {
      // Of one image, about the mean, so that the power has a small angle.
      var (real, imaginary) = (0.0, 0.0)
      for (value, count) in counts {
        let angle = circle[frequency] * (Double(value) - mean)
        real += Double(count) / images * cos(angle)
        imaginary += Double(count) / images * sin(angle)
      }
      let magnitude = exp(images / 2 * log(real * real + imaginary * imaginary))
      guard magnitude > 1e-20 else { continue }
      let angle = images * atan2(imaginary, real)
      let (a, b) = (2 * magnitude * cos(angle), 2 * magnitude * sin(angle))
      var place = (size - frequency) * reach % size
      for index in 0..<size {
        probabilities[index] += a * cosines[place] + b * sines[place]
        place += frequency
        if place >= size { place -= size }
      }
    }
    var sum = CompensatedSum()
    cumulative = probabilities.map { probability in
      sum.add(max(0, probability / Double(size)))
      return sum.value
    }
  }

  /// How far the least sum lies from the center that a share `probability` of the sums does not exceed.
  func quantile(_ probability: Double) -> Int {
    var (lower, upper) = (0, cumulative.count - 1)
    while lower < upper {
      let middle = (lower + upper) / 2
      if cumulative[middle] >= probability { upper = middle } else { lower = middle + 1 }
    }
    return lower - reach
  }
}
