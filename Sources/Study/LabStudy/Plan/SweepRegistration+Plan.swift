import LabCore
import LabRecords

extension SweepRegistration {
  /// What a model of a variant costs, as far as it is known before training.
  public struct ModelCost: Sendable, Hashable {
    /// The number of trainable parameters.
    public var parameterCount: Int
    /// The multiply-adds of one image's forward pass.
    public var multiplyAdds: Int

    /// Creates a cost.
    public init(parameterCount: Int, multiplyAdds: Int) {
      self.parameterCount = parameterCount
      self.multiplyAdds = multiplyAdds
    }
  }

  /// Creates the registration of a whole plan.
  ///
  /// - Parameters:
  ///   - plan: the plan, with all of its cells.
  ///   - spec: the spec that the plan was made from.
  ///   - dataHash: gives the hash of the content of the data set that a variant's configuration names.
  ///   - plannedEpochs: gives the epochs that a variant's configuration asks for.
  ///   - cost: gives what a variant's model costs, where that is known.
  public init(
    plan: Plan, spec: StudySpec, dataHash: (ResolvedVariant) throws -> ContentHash,
    plannedEpochs: (ResolvedVariant) throws -> Int, cost: (ResolvedVariant) throws -> ModelCost? = { _ in nil }
  ) rethrows {
    let variants = try plan.variants.enumerated().map { index, variant in
      let hash = try dataHash(variant)
      let epochs = try plannedEpochs(variant)
      let cost = try cost(variant)
      return Variant(
        label: variant.label, levels: variant.levels, isBaseline: variant.isBaseline,
        parameterCount: cost?.parameterCount, multiplyAdds: cost?.multiplyAdds,
        runs: plan.seeds.map { seed in
          let cell = PlanCell(variant: variant, variantIndex: index, seed: seed)
          return Run(
            identity: cell.identity(dataHash: hash), configuration: variant.configuration, dataHash: hash, seed: seed,
            plannedEpochs: epochs)
        })
    }
    self.init(
      name: plan.name, specText: spec.source.text, specHash: spec.meaningHash, factors: plan.factors,
      seeds: plan.seeds, variants: variants)
  }
}
