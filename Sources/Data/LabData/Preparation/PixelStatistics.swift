import Foundation
import LabCore

/// The mean and standard deviation of each channel, of values between 0 and 1.
public struct ChannelStatistics: Hashable, Sendable, Codable {
  /// The mean of each channel.
  public var mean: [Double]
  /// The standard deviation of each channel, not corrected for the number of values.
  public var standardDeviation: [Double]

  /// Creates statistics from known numbers.
  public init(mean: [Double], standardDeviation: [Double]) {
    self.mean = mean
    self.standardDeviation = standardDeviation
  }

  /// Those of ImageNet's training images, by which most published weights were trained.
  public static let imagenet = ChannelStatistics(
    mean: [0.485, 0.456, 0.406], standardDeviation: [0.229, 0.224, 0.225])

  /// Computes them over some images, each counted as often as it is listed.
  ///
  /// Bytes are counted, not summed, so the result depends neither on their order nor on the number of threads.
  init(images: UnsafePointer<UInt8>, shape: ImageShape, indices: [Int32]) {
    let channels = shape.channels
    let pixelCount = shape.height * shape.width
    let source = Source(images: images)
    let lock = NSLock()
    let total = Histogram(count: channels * 256)
    Parallel.forEachChunk(of: indices.count, size: 2048) { chunk in
      let own = Histogram(count: channels * 256)
      for index in indices[chunk] {
        let image = source.images + Int(index) * shape.elementCount
        for channel in 0..<channels {
          let bins = own.bins + channel * 256
          var value = image + channel
          for _ in 0..<pixelCount {
            bins[Int(value.pointee)] &+= 1
            value += channels
          }
        }
      }
      lock.lock()
      defer { lock.unlock() }
      for bin in 0..<own.count { total.bins[bin] += own.bins[bin] }
    }
    self.init(histogram: (0..<total.count).map { Double(total.bins[$0]) }, channels: channels)
  }

  /// Computes them from how often each value of each channel occurs, 256 for each channel.
  init(histogram: [Double], channels: Int) {
    mean = []
    standardDeviation = []
    for channel in 0..<channels {
      let bins = histogram[channel * 256..<(channel + 1) * 256].map(\.self)
      let count = max(1, bins.reduce(0, +))
      // Sums of integers below 2⁵³ are exact, so nothing is lost to cancellation before the last step.
      let sum = (0..<256).reduce(0.0) { $0 + Double($1) * bins[$1] }
      let squares = (0..<256).reduce(0.0) { $0 + Double($1 * $1) * bins[$1] }
      let average = sum / count
      mean.append(average / 255)
      standardDeviation.append(max(0, squares / count - average * average).squareRoot() / 255)
    }
  }

  private struct Source: @unchecked Sendable { let images: UnsafePointer<UInt8> }

  /// Counters that threads add to under a lock.
  private final class Histogram: @unchecked Sendable {
    let bins: UnsafeMutablePointer<Int>
    let count: Int

    init(count: Int) {
      bins = .allocate(capacity: count)
      bins.initialize(repeating: 0, count: count)
      self.count = count
    }

    deinit { bins.deallocate() }
  }
}
