/// Divides a number of images among classes.
enum Apportionment {
  /// Shares in proportion to weights, each within one of the exact share, that add up to the total.
  ///
  /// Rounds down and gives what is left to the largest remainders, to the lower class first among equal ones.
  static func proportional(total: Int, weights: [Double]) -> [Int] {
    let sum = weights.reduce(0, +)
    guard sum > 0 else { return weights.map { _ in 0 } }
    let exact = weights.map { Double(total) * $0 / sum }
    var shares = exact.map { Int($0.rounded(.down)) }
    let byRemainder = exact.indices.sorted { first, second in
      let (a, b) = (exact[first] - Double(shares[first]), exact[second] - Double(shares[second]))
      return a == b ? first < second : a > b
    }
    for index in byRemainder.prefix(max(0, total - shares.reduce(0, +))) { shares[index] += 1 }
    return shares
  }

  /// As ``proportional(total:weights:)``, after one has been given to each; the total must suffice for that.
  static func atLeastOne(total: Int, weights: [Double]) -> [Int] {
    proportional(total: total - weights.count, weights: weights).map { $0 + 1 }
  }
}
