import LabCore

/// Which images a packed data set consists of, and why others are left out; made before anything is written.
public struct PackingPlan: Sendable {
  /// What is done to an image's pixels before it is resized, or after for a variation.
  public enum Variation: Hashable, Sendable {
    /// Nothing.
    case original
    /// It is mirrored left to right.
    case flipped
    /// It is rotated, moved, scaled and lit differently; the number tells variations of one image apart.
    case augmented(Int)
  }

  /// One image of the result.
  public struct Item: Hashable, Sendable {
    /// The place of the image in the catalogue.
    public var sample: Int
    /// What is done to it.
    public var variation: Variation
  }

  /// The images that there are.
  public let catalog: SampleCatalog
  /// What was asked for.
  public let options: PackingOptions
  /// The images of each split, in the catalogue's order.
  public let items: [SplitName: [Item]]
  /// The images that are left out, and why.
  public let dropped: [(sample: Int, reason: String)]
  /// The extents of every image of the result; nil where they keep sizes of their own.
  public let imageShape: ImageShape?

  /// Decides what becomes of every image; a pure function of the images and the options.
  ///
  /// - Throws: ``DataError`` where images are damaged and not to be skipped, or where a split would be empty.
  public init(
    _ catalog: SampleCatalog, options: PackingOptions, progress: @escaping DataProgress = { _ in }
  ) throws {
    self.catalog = catalog
    self.options = options
    if let unknown = (options.flippedClasses ?? []).first(where: { !catalog.classNames.contains($0) }) {
      throw DataError.invalidOption(
        key: "--flip-class", actual: "\"\(unknown)\"\(NearestName.hint(for: unknown, among: catalog.classNames))",
        expected: "names of classes")
    }
    var filter = PackingFilter(catalog: catalog, options: options)
    let shapes = try filter.keptShapes(progress: progress)
    let kept = shapes.keys.sorted()
    let splits = try PackingSplit(catalog: catalog, options: options).splits(of: kept)
    var items: [SplitName: [Item]] = [:]
    for (name, samples) in splits { items[name] = samples.map { Item(sample: $0, variation: .original) } }
    let balanced = Self.balanced(splits[.train] ?? [], catalog, options)
    items[.train] = balanced.items
    self.items = items
    dropped = (filter.dropped + balanced.dropped).sorted { $0.sample < $1.sample }
    for name in [SplitName.train, .test] where items[name]?.isEmpty ?? true {
      throw DataError.unusableSplit(
        subject: "the \(name.rawValue) split", actual: "empty after filtering", expected: "at least one image")
    }
    imageShape = Self.commonShape(Set(shapes.values), options)
  }

  /// The number of images of each class in a split.
  public func classCounts(_ split: SplitName) -> [Int] {
    var counts = [Int](repeating: 0, count: catalog.classNames.count)
    for item in items[split] ?? [] { counts[catalog.samples[item.sample].label] += 1 }
    return counts
  }

  private static func commonShape(_ shapes: Set<ImageShape>, _ options: PackingOptions) -> ImageShape? {
    let channels = options.channels ?? shapes.map(\.channels).max() ?? 3
    if let size = options.imageSize { return ImageShape(channels: channels, height: size, width: size) }
    let sizes = Set(shapes.map { SIMD2($0.height, $0.width) })
    guard sizes.count == 1, let size = sizes.first else { return nil }
    return ImageShape(channels: channels, height: size.x, width: size.y)
  }

  /// Adds mirrored images, then evens out the classes of the training split.
  private static func balanced(
    _ samples: [Int], _ catalog: SampleCatalog, _ options: PackingOptions
  ) -> (items: [Item], dropped: [(sample: Int, reason: String)]) {
    var byClass = [[Item]](repeating: [], count: catalog.classNames.count)
    for sample in samples {
      let label = catalog.samples[sample].label
      byClass[label].append(Item(sample: sample, variation: .original))
      if let flipped = options.flippedClasses, flipped.isEmpty || flipped.contains(catalog.classNames[label]) {
        byClass[label].append(Item(sample: sample, variation: .flipped))
      }
    }
    let counts = byClass.map(\.count).filter { $0 > 0 }
    let order = RandomStream(seed: UInt64(options.seed), name: "packing/balance")
    var dropped: [(sample: Int, reason: String)] = []
    switch options.balance {
    case .none: break
    case .downsample:
      let limit = options.imagesPerClass ?? counts.min() ?? 0
      for (label, members) in byClass.enumerated() where members.count > limit {
        let places = order.permutation(count: members.count, UInt64(label))
        byClass[label] = places.prefix(limit).sorted().map { members[$0] }
        let kept = Set(byClass[label].map(\.sample))
        for place in places.dropFirst(limit).sorted() where !kept.contains(members[place].sample) {
          if members[place].variation == .original {
            dropped.append((members[place].sample, "its class has more than \(limit) images"))
          }
        }
      }
    case .augment:
      let goal = options.imagesPerClass ?? counts.max() ?? 0
      for (label, members) in byClass.enumerated() where !members.isEmpty {
        let places = order.permutation(count: members.count, UInt64(label))
        for number in 0..<max(0, goal - members.count) {
          let place = places[number % places.count]
          byClass[label].append(
            Item(sample: members[place].sample, variation: .augmented(number / places.count + 1)))
        }
      }
    }
    let items = byClass.joined().sorted { ($0.sample, $0.variation.rank) < ($1.sample, $1.variation.rank) }
    return (items, dropped)
  }
}

extension PackingPlan.Variation {
  /// The order of an image's variations.
  fileprivate var rank: Int {
    switch self {
    case .original: 0
    case .flipped: 1
    case .augmented(let number): number + 1
    }
  }

  /// What is added to the name of a file that holds the variation.
  var suffix: String {
    switch self {
    case .original: ""
    case .flipped: "-flipped"
    case .augmented(let number): "-varied-\(number)"
    }
  }
}
