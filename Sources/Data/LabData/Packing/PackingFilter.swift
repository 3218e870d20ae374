import LabCore

/// Leaves out images that are damaged, of an unwanted size, or there twice.
struct PackingFilter {
  let catalog: SampleCatalog
  let options: PackingOptions
  private(set) var dropped: [(sample: Int, reason: String)] = []

  init(catalog: SampleCatalog, options: PackingOptions) {
    self.catalog = catalog
    self.options = options
  }

  /// The images that are kept, with their extents.
  mutating func keptShapes(progress: @escaping DataProgress) throws -> [Int: ImageShape] {
    var facts: [Int: SampleCatalog.Facts] = [:]
    var problems: [String] = []
    for (sample, result) in catalog.measure(progress: progress).enumerated() {
      switch result {
      case .success(let found): facts[sample] = found
      case .failure(let error):
        problems.append("\(error)")
        dropped.append((sample, "\(error)"))
      }
    }
    guard problems.isEmpty || options.skipsUnreadable else {
      throw DataError.unreadableImages(
        subject: "data set \(catalog.dataset)", problems: problems,
        remedy: "fetch them again, or leave them out with --skip-corrupt")
    }
    var shapes: [Int: ImageShape] = [:]
    for (sample, found) in facts.sorted(by: { $0.key < $1.key }) {
      if let reason = sizeProblem(found.shape) {
        dropped.append((sample, reason))
      } else {
        shapes[sample] = found.shape
      }
    }
    if options.dropsDuplicates { dropDuplicates(&shapes, facts) }
    return shapes
  }

  private func sizeProblem(_ shape: ImageShape) -> String? {
    let (short, long) = (min(shape.width, shape.height), max(shape.width, shape.height))
    let size = "\(shape.width)×\(shape.height) pixels"
    if let limit = options.minimumSide, short < limit { return "\(size): a side is shorter than \(limit)" }
    if let limit = options.maximumSide, long > limit { return "\(size): a side is longer than \(limit)" }
    if let limit = options.maximumAspect, Double(long) > limit * Double(short) {
      return "\(size): one side is more than \(limit) times the other"
    }
    return nil
  }

  private mutating func dropDuplicates(_ shapes: inout [Int: ImageShape], _ facts: [Int: SampleCatalog.Facts]) {
    var keepers = [ContentHash: Int]()
    // A test image stays, so that tests remain comparable and training does not see them.
    let order = shapes.keys.sorted { first, second in
      let (a, b) = (catalog.samples[first], catalog.samples[second])
      return a.part == b.part ? first < second : a.part == .test
    }
    for sample in order {
      guard let hash = facts[sample]?.pixelHash else { continue }
      if let keeper = keepers[hash] {
        shapes[sample] = nil
        dropped.append((sample, "the same pixels as \(catalog.samples[keeper].name)"))
      } else {
        keepers[hash] = sample
      }
    }
  }
}

/// Divides images among training, validation and test.
struct PackingSplit {
  let catalog: SampleCatalog
  let options: PackingOptions

  /// The images of each split, in the catalogue's order.
  func splits(of kept: [Int]) throws -> [SplitName: [Int]] {
    guard let shares = options.shares else {
      return Dictionary(grouping: kept) { catalog.samples[$0].split }
    }
    let groups = ImageFileList.numbered(kept.map { catalog.samples[$0].group })
    if options.splitBy == .group, groups == nil {
      throw DataError.unusableSplit(
        subject: "the split", actual: "by group", expected: "by class, since not every image has a group")
    }
    let selection = SubsetSelection(
      labels: kept.map { Int32(catalog.samples[$0].label) }, classCount: catalog.classNames.count,
      seed: UInt64(options.seed))
    let usesGroups = options.splitBy == .class ? nil : groups
    let all = kept.indices.map(Int32.init)
    func choose(_ share: Double, of indices: [Int32], purpose: String) -> [Int32] {
      let count = Int((share * Double(kept.count)).rounded())
      guard count > 0 else { return [] }
      return usesGroups.map { selection.grouped(indices, groups: $0, count: count) }
        ?? selection.stratified(indices, limit: count, purpose: purpose)
    }
    let test = choose(shares.test, of: all, purpose: "packing/test")
    let isTest = Set(test)
    let rest = all.filter { !isTest.contains($0) }
    let validation = choose(shares.validation, of: rest, purpose: "packing/validation")
    let isValidation = Set(validation)
    let train = rest.filter { !isValidation.contains($0) }
    func samples(_ indices: [Int32]) -> [Int] { indices.map { kept[Int($0)] } }
    return [.train: samples(train), .validation: samples(validation), .test: samples(test)]
  }
}
