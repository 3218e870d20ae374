import LabCore
import LabScheduler

extension PlannedStudy {
  /// The share of a core's peak that a whole run, data included, reaches on small networks: measured as 0.6 over the runs of
  /// `ablation`, far less on others.
  private static let expectedShare = 0.5
  /// How long steps are tried before a plan is shown.
  private static let trialSeconds = 8.0

  /// What one run of each variant may take in seconds on this machine, by the variants' labels; none of those that somebody's
  /// program trains.
  ///
  /// Of as many variants as time allows, first of those that bring a further level of a factor, a few steps are tried. Another is
  /// taken to be as far from its multiply-adds as the one of these with which it shares most levels.
  ///
  /// - Parameters:
  ///   - threads: threads of a run.
  ///   - known: the labels of variants whose time is known.
  func forecastSeconds(threads: Int, known: Set<String> = []) -> [String: Double] {
    var variants: [CompiledVariant] = []
    var labels = known
    for run in runs {
      guard let variant = run.variant as? CompiledVariant, labels.insert(variant.variant.label).inserted else {
        continue
      }
      variants.append(variant)
    }
    var seconds: [String: Double] = [:]
    var ratios: [(levels: [String: String], secondsPerOperation: Double)] = []
    let clock = ContinuousClock()
    let deadline = clock.now + .seconds(PlannedStudy.trialSeconds)
    for variant in PlannedStudy.inOrderOfNews(variants) where clock.now < deadline {
      guard ResourceCheck.canTry(variant, memoryBytes: memoryBytes, threads: threads),
        let tried = variant.triedSeconds(threads: threads)
      else { continue }
      seconds[variant.variant.label] = tried
      ratios.append((variant.variant.levels, tried / variant.runMultiplyAdds))
    }
    let peaks = ratios.isEmpty ? secondsPerOperation() : [:]
    for variant in variants where seconds[variant.variant.label] == nil {
      let levels = variant.variant.levels
      func shared(_ other: [String: String]) -> Int { other.count { levels[$0.key] == $0.value } }
      let ratio =
        ratios.max { shared($0.levels) < shared($1.levels) }?.secondsPerOperation
        ?? variant.backend.flatMap { peaks[$0.name] }
      seconds[variant.variant.label] = ratio.map { $0 * variant.runMultiplyAdds }
    }
    return seconds
  }

  /// Variants, those first that have a level which none before them has.
  private static func inOrderOfNews(_ variants: [CompiledVariant]) -> [CompiledVariant] {
    var seen: [String: Set<String>] = [:]
    var (news, others): ([CompiledVariant], [CompiledVariant]) = ([], [])
    for variant in variants {
      var isNew = false
      for (factor, level) in variant.variant.levels where seen[factor, default: []].insert(level).inserted {
        isNew = true
      }
      if isNew { news.append(variant) } else { others.append(variant) }
    }
    return news + others
  }

  /// What one multiply-add of a run may take in seconds, by the names of the backends that know their peak.
  private func secondsPerOperation() -> [String: Double] {
    var seconds: [String: Double] = [:]
    for backend in backends {
      guard let peak = backend.measurePeakGigaflops(milliseconds: 50) else { continue }
      seconds[backend.name] = 2 / (peak * 1e9 * PlannedStudy.expectedShare)
    }
    return seconds
  }

  /// Expects nothing of any run.
  static let expectsNothing: @Sendable (RunIdentity) -> RunExpectation = { _ in .init() }

  /// What is expected of each run, on a machine such as this one; nothing of those that somebody's program trains.
  ///
  /// - Parameter threads: threads of a run.
  func expectations(threads: Int) -> @Sendable (RunIdentity) -> RunExpectation {
    let seconds = forecastSeconds(threads: threads)
    let known = variantsByRun.compactMapValues { variant -> RunExpectation? in
      guard variant.backend != nil else { return nil }
      return .init(bytes: variant.plannedBytes, seconds: seconds[variant.variant.label])
    }
    return { known[$0] ?? .init() }
  }
}
