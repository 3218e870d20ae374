import LabCore

/// Draws of test images with replacement, as the number of times that each image is drawn.
///
/// Images that are the same for a statistic (all runs predict the same of them) are one unit, which is drawn as often as
/// they are together: a good classifier's images are a few hundred units, however many images there are.
struct ImageResampling: Sendable {
  /// The number of draws.
  let count: Int
  let stream: RandomStream
  /// The unit of each image.
  let units: [Int32]
  let unitCount: Int

  /// Makes every image a unit.
  init(count: Int, stream: RandomStream, imageCount: Int) {
    self.count = count
    self.stream = stream
    units = (0..<Int32(imageCount)).map { $0 }
    unitCount = imageCount
  }

  /// Makes images with the same key one unit, and returns the keys in the units' order.
  static func grouped<Key: Hashable>(
    by keys: [Key], count: Int, stream: RandomStream
  ) -> (resampling: ImageResampling, keys: [Key]) {
    var known = [Key: Int32]()
    var order = [Key]()
    let units = keys.map { key in
      if let unit = known[key] { return unit }
      let unit = Int32(order.count)
      known[key] = unit
      order.append(key)
      return unit
    }
    return (ImageResampling(count: count, stream: stream, units: units, unitCount: order.count), order)
  }

  private init(count: Int, stream: RandomStream, units: [Int32], unitCount: Int) {
    self.count = count
    self.stream = stream
    self.units = units
    self.unitCount = unitCount
  }

  /// How often each unit is among the images, without any draw.
  var multiplicities: [Int32] {
    var weights = [Int32](repeating: 0, count: unitCount)
    for unit in units { weights[Int(unit)] += 1 }
    return weights
  }

  /// The values of a statistic for the images themselves, and for every draw.
  ///
  /// - Parameters:
  ///   - valueCount: how many values the statistic has, such as one a seed.
  ///   - progress: is told, from any thread, how many more draws are done.
  ///   - statistic: writes the values for the number of times that each unit counts; called from several threads.
  /// - Returns: the values of the images, and a row of them a draw.
  func values(
    _ valueCount: Int, progress: @Sendable (_ count: Int) -> Void,
    _ statistic: @Sendable (_ weights: UnsafeBufferPointer<Int32>, _ values: UnsafeMutableBufferPointer<Double>) -> Void
  ) -> (observed: [Double], draws: [Double]) {
    var observed = [Double](repeating: 0, count: valueCount)
    multiplicities.withUnsafeBufferPointer { weights in
      observed.withUnsafeMutableBufferPointer { statistic(weights, $0) }
    }
    var draws = [Double](repeating: 0, count: count * valueCount)
    draws.withUnsafeMutableBufferPointer { draws in
      // Each chunk writes to rows of its own.
      nonisolated(unsafe) let draws = draws
      Parallel.forEachChunk(of: count, size: 16) { range in
        var weights = [Int32](repeating: 0, count: unitCount)
        for draw in range {
          weights.withUnsafeMutableBufferPointer { weights in
            weights.update(repeating: 0)
            count(draw, in: weights)
            let row = draws[(draw * valueCount)..<((draw + 1) * valueCount)]
            statistic(UnsafeBufferPointer(weights), UnsafeMutableBufferPointer(rebasing: row))
          }
        }
        progress(range.count)
      }
    }
    return (observed, draws)
  }

  /// Counts how often each unit is drawn.
  private func count(_ draw: Int, in weights: UnsafeMutableBufferPointer<Int32>) {
    let bound = UInt64(units.count)
    units.withUnsafeBufferPointer { units in
      // A block of the generator is enough for two images.
      for block in 0..<(units.count + 1) / 2 {
        let words = stream.words(UInt64(block), UInt64(draw))
        let first = (UInt64(words.x) << 32 | UInt64(words.y)).multipliedFullWidth(by: bound).high
        weights[Int(units[Int(first)])] += 1
        if 2 * block + 1 < units.count {
          let second = (UInt64(words.z) << 32 | UInt64(words.w)).multipliedFullWidth(by: bound).high
          weights[Int(units[Int(second)])] += 1
        }
      }
    }
  }
}
