import LabCore

/// Chooses which images belong to a subset or a split; a pure function of labels, groups and a seed.
struct SubsetSelection {
  /// The label of every image.
  let labels: [Int32]
  let classCount: Int
  let seed: UInt64

  /// The number of images of each class among some.
  func counts(of indices: [Int32]) -> [Int] {
    var counts = [Int](repeating: 0, count: classCount)
    for index in indices { counts[Int(labels[Int(index)])] += 1 }
    return counts
  }

  /// At most `limit` of some images, in their order: every class within one image of its exact share.
  func stratified(_ indices: [Int32], limit: Int, purpose: String) -> [Int32] {
    guard limit < indices.count else { return indices }
    let quotas = Apportionment.proportional(total: limit, weights: counts(of: indices).map(Double.init))
    return taking(quotas, of: indices, purpose: purpose)
  }

  /// The given number of images of each class, in their order.
  ///
  /// Within a class, images are ranked at random once, so a larger quota takes all that a smaller one takes.
  func taking(_ quotas: [Int], of indices: [Int32], purpose: String) -> [Int32] {
    let chosen = byClass(indices).enumerated().flatMap { label, members in
      let order = RandomStream(seed: seed, name: "subset/\(purpose)").permutation(
        count: members.count, UInt64(label))
      return order.prefix(quotas[label]).map { members[$0] }
    }
    return chosen.sorted()
  }

  /// Images of whole groups whose class counts come close to `count` images in equal proportion of every class.
  ///
  /// Groups are looked at in random order; one is taken where that brings the counts closer to the exact shares. A
  /// class is never taken as a whole, so that training has images of every class.
  func grouped(_ indices: [Int32], groups: [Int32], count: Int) -> [Int32] {
    let available = counts(of: indices)
    let quotas = Apportionment.proportional(total: count, weights: available.map(Double.init))
    var members = [Int32: [Int32]]()
    for index in indices { members[groups[Int(index)], default: []].append(index) }
    let identifiers = members.keys.sorted()
    var taken = [Int](repeating: 0, count: classCount)
    /// How far a number of images of a class is from its quota; having none at all counts as the worst.
    func excess(_ number: Int, _ label: Int) -> Int {
      number == 0 && quotas[label] > 0 ? available[label] : abs(quotas[label] - number)
    }
    var chosen = [Int32]()
    for position in RandomStream(seed: seed, name: "subset/groups").permutation(count: identifiers.count) {
      guard let images = members[identifiers[position]] else { continue }
      var gain = 0
      var isWholeClass = false
      for (label, number) in counts(of: images).enumerated() where number > 0 {
        gain += excess(taken[label], label) - excess(taken[label] + number, label)
        if taken[label] + number >= available[label] { isWholeClass = true }
      }
      guard gain > 0, !isWholeClass else { continue }
      for image in images { taken[Int(labels[Int(image)])] += 1 }
      chosen += images
    }
    return chosen.sorted()
  }

  /// Images with every class as frequent as the rarest, or as the most frequent one.
  ///
  /// - Returns: the indices in their order, and for each how often it has occurred before; nil where none is repeated.
  func balanced(_ indices: [Int32], _ balance: ClassBalance) -> (indices: [Int32], repetitions: [Int32]?) {
    let counts = counts(of: indices)
    let present = counts.filter { $0 > 0 }
    switch balance {
    case .none: return (indices, nil)
    case .downsample:
      let least = present.min() ?? 0
      return (taking(counts.map { min($0, least) }, of: indices, purpose: "balance"), nil)
    case .oversample:
      let most = present.max() ?? 0
      var entries = [(index: Int32, repetition: Int32)]()
      for (label, members) in byClass(indices).enumerated() where !members.isEmpty {
        let (rounds, rest) = most.quotientAndRemainder(dividingBy: members.count)
        for round in 0..<rounds { entries += members.map { ($0, Int32(round)) } }
        let order = RandomStream(seed: seed, name: "subset/balance").permutation(count: members.count, UInt64(label))
        entries += order.prefix(rest).map { (members[$0], Int32(rounds)) }
      }
      entries.sort { ($0.index, $0.repetition) < ($1.index, $1.repetition) }
      return (entries.map(\.index), entries.map(\.repetition))
    }
  }

  private func byClass(_ indices: [Int32]) -> [[Int32]] {
    var members = [[Int32]](repeating: [], count: classCount)
    for index in indices { members[Int(labels[Int(index)])].append(index) }
    return members
  }
}
