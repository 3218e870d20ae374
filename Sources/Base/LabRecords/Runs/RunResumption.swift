import LabCore

/// Where a claimed run goes on.
public struct RunResumption: Sendable {
  /// The newest checkpoint that belongs to the store and has its best weights; nil where training begins anew.
  public var checkpoint: Checkpoint?
  /// The best weights that the checkpoint speaks of; nil where it speaks of none, or where those of a later epoch have
  /// taken their place, which is trained once more.
  public var bestWeights: [NamedTensor]?
  /// The hash of the best weights that the checkpoint speaks of.
  public var bestWeightsHash: ContentHash?
  /// What did not belong together and what became of it, a sentence each.
  public var remarks: [String]

  /// Creates a resumption; only stores do.
  public init(
    checkpoint: Checkpoint? = nil, bestWeights: [NamedTensor]? = nil, bestWeightsHash: ContentHash? = nil,
    remarks: [String] = []
  ) {
    self.checkpoint = checkpoint
    self.bestWeights = bestWeights
    self.bestWeightsHash = bestWeightsHash
    self.remarks = remarks
  }
}
