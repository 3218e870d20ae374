extension Sweep {
  /// Checks what every store relies on.
  ///
  /// - Throws: ``RunStoreError/invalidRegistration(sweep:problem:)``.
  public func validate() throws {
    func require(_ condition: Bool, _ problem: @autoclosure () -> String) throws {
      guard condition else { throw RunStoreError.invalidRegistration(sweep: name, problem: problem()) }
    }
    try require(!variants.isEmpty, "it has no variants")
    try require(Set(seeds).count == seeds.count, "a seed is given twice")
    try require(Set(factors.map(\.name)).count == factors.count, "a factor is given twice")
    try require(variants.count(where: \.isBaseline) <= 1, "it has more than one baseline")
    var labels = Set<String>()
    for variant in variants {
      try require(labels.insert(variant.label).inserted, "two variants are labelled \"\(variant.label)\"")
      try require(
        variant.runs.map(\.seed) == seeds,
        "the variant \"\(variant.label)\" has runs of the seeds \(variant.runs.map(\.seed)), expected \(seeds)")
    }
  }
}
