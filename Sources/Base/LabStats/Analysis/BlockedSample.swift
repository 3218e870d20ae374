/// Measurements of treatments over blocks: the variants of an experiment over its seeds.
///
/// All runs of a seed share its initial weights and its order of the data, as all plots of a field share its soil; what
/// the seed does to all of them is taken out of what is compared. Cells may be missing.
public struct BlockedSample: Sendable, Hashable {
  /// One measurement.
  public struct Observation: Sendable, Hashable {
    /// The index of the treatment.
    public var treatment: Int
    /// The block, such as a seed.
    public var block: UInt64
    /// The measured value.
    public var value: Double

    /// Creates an observation.
    public init(treatment: Int, block: UInt64, value: Double) {
      self.treatment = treatment
      self.block = block
      self.value = value
    }
  }

  /// The number of treatments, whether measured or not.
  public let treatmentCount: Int
  /// One observation a cell, in the order of treatments and then of blocks.
  public let observations: [Observation]
  /// The blocks with an observation, in their order.
  public let blocks: [UInt64]
  /// The index of each observation's block among the blocks.
  let blockIndices: [Int]

  /// Collects observations; repeated measurements of one cell are averaged, and values that are not finite count as
  /// missing.
  ///
  /// - Parameters:
  ///   - observations: in any order.
  ///   - treatmentCount: more than every treatment's index.
  public init(_ observations: some Sequence<Observation>, treatmentCount: Int) {
    let ordered = observations.filter(\.value.isFinite).sorted {
      ($0.treatment, $0.block, $0.value) < ($1.treatment, $1.block, $1.value)
    }
    precondition(ordered.allSatisfy { 0..<treatmentCount ~= $0.treatment }, "a treatment's index is out of range")
    var cells = [Observation]()
    var start = 0
    while start < ordered.count {
      let first = ordered[start]
      let end =
        ordered[start...].firstIndex { $0.treatment != first.treatment || $0.block != first.block } ?? ordered.count
      let mean = end - start == 1 ? first.value : Bootstrap.mean(ordered[start..<end].map(\.value))
      cells.append(Observation(treatment: first.treatment, block: first.block, value: mean))
      start = end
    }
    self.treatmentCount = treatmentCount
    self.observations = cells
    let blocks = Set(cells.map(\.block)).sorted()
    self.blocks = blocks
    let positions = Dictionary(uniqueKeysWithValues: zip(blocks, blocks.indices))
    blockIndices = cells.map { positions[$0.block] ?? 0 }
  }

  /// Whether every treatment has a value in every block.
  public var isComplete: Bool { observations.count == treatmentCount * blocks.count }

  /// The values of a treatment by block.
  public func values(of treatment: Int) -> [UInt64: Double] {
    let start = firstIndex(of: treatment)
    let cells = observations[start...].prefix { $0.treatment == treatment }
    return Dictionary(uniqueKeysWithValues: cells.map { ($0.block, $0.value) })
  }

  /// The differences of two treatments in the blocks that they share; nil where they share none.
  public func pairedDifference(of treatment: Int, to reference: Int) -> PairedDifference? {
    PairedDifference(treatment: values(of: treatment), reference: values(of: reference))
  }

  private func firstIndex(of treatment: Int) -> Int {
    var (lower, upper) = (0, observations.count)
    while lower < upper {
      let middle = (lower + upper) / 2
      if observations[middle].treatment < treatment { lower = middle + 1 } else { upper = middle }
    }
    return lower
  }
}
