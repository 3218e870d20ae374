/// Images a second over the last second or so.
struct ThroughputMeter {
  private var images = 0.0
  private var seconds = 0.0

  /// Adds a step; older steps count less and less.
  mutating func add(images count: Int, seconds duration: Double) {
    let keep = max(0, 1 - duration)
    images = images * keep + Double(count)
    seconds = seconds * keep + duration
  }

  /// The throughput; 0 before the first step.
  var imagesPerSecond: Double { seconds > 0 ? images / seconds : 0 }
}
