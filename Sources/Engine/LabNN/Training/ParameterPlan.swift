import LabCore

/// How one parameter is trained: what the configuration makes of its declaration.
public struct ParameterPlan: Hashable, Sendable {
  /// The parameter.
  public var declaration: ParameterDeclaration
  /// The factor of the learning rate; 0 for a frozen parameter.
  public var rateFactor: Double
  /// The weight decay.
  public var weightDecay: Double

  /// Whether the optimiser leaves the parameter as it is.
  public var isFrozen: Bool { rateFactor == 0 }
}

extension OptimizationConfiguration {
  /// Checks that every pattern of frozen statistics has some.
  ///
  /// - Throws: ``ModelError/pattern(key:index:pattern:nearest:)``.
  func checkFrozenStatistics(of declarations: [ParameterDeclaration]) throws {
    let buffers = declarations.filter { $0.role == .buffer }
    for (index, pattern) in frozenStatistics.enumerated()
    where !buffers.contains(where: ParameterGroup(pattern: pattern).matches) {
      throw ModelError.pattern(
        key: "frozen_statistics", index: index, pattern: pattern,
        nearest: ParameterGroup(pattern: pattern).suggestion(among: buffers))
    }
  }

  /// How each of a model's parameters is trained, in order of declaration; buffers have no plan.
  ///
  /// - Throws: ``ModelError/pattern(key:index:pattern:nearest:)`` for a group without parameters, and an error if all are frozen.
  public func plan(for declarations: [ParameterDeclaration]) throws -> [ParameterPlan] {
    let parameters = declarations.filter { $0.role == .parameter }
    for (index, group) in parameterGroups.enumerated() where !parameters.contains(where: group.matches) {
      throw ModelError.pattern(
        key: "parameter_groups", index: index, pattern: group.pattern,
        nearest: group.suggestion(among: parameters))
    }
    let plans = parameters.map { declaration in
      let group = parameterGroups.first { $0.matches(declaration) }
      let isExempt = excludesNormAndBiasFromDecay && declaration.category != .weight
      return ParameterPlan(
        declaration: declaration, rateFactor: group?.learningRateFactor ?? 1,
        weightDecay: group?.weightDecay ?? (isExempt ? 0 : weightDecay))
    }
    guard plans.contains(where: { !$0.isFrozen }) else {
      throw ModelError.option(subject: "parameter_groups", problem: "every parameter is frozen")
    }
    return plans
  }
}
