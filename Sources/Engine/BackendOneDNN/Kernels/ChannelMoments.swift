/// Mean and squared deviations of values that come in parts, each summed about a pivot of its own.
///
/// - Source: the merge of two parts is Chan, Golub and LeVeque (1979).
struct ChannelMoments {
  private var count = 0.0
  private(set) var mean = 0.0
  private var squares = 0.0

  /// The biased variance.
  var variance: Double { squares / count }

  /// Adds a part: its number of values, a pivot, and the sums of differences from the pivot and of their squares.
  mutating func add(count own: Double, pivot: Float, sum: Double, sumOfSquares: Double) {
    let offset = sum / own
    let ownSquares = max(sumOfSquares - own * offset * offset, 0)
    let difference = Double(pivot) + offset - mean
    let total = count + own
    squares += ownSquares + difference * difference * count * own / total
    mean += difference * own / total
    count = total
  }
}
