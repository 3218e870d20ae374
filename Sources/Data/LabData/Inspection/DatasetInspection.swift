import LabCore

/// What a data set consists of and what is odd about it.
public struct DatasetInspection: Sendable {
  /// Images with the same pixels.
  public struct Duplicates: Hashable, Sendable {
    /// The places of the images in the catalogue.
    public var samples: [Int]
    /// Whether some are training and some are test images.
    public var crossesParts: Bool
    /// Whether they are not all of one class.
    public var differsInClass: Bool
  }

  /// A number of images of one size.
  public struct Size: Hashable, Sendable {
    public var width: Int
    public var height: Int
    public var count: Int
  }

  /// An image that is out of the ordinary, and why.
  public struct Suspicion: Hashable, Sendable {
    /// The place of the image in the catalogue.
    public var sample: Int
    /// What is suspicious, such as `5×40 pixels: smaller than 8`.
    public var reason: String
  }

  /// The images.
  public let catalog: SampleCatalog
  /// The number of images of each class, by split; without validation where no image is published for it.
  public let classCounts: [SplitName: [Int]]
  /// The number of groups of training images; nil where they have none.
  public let groupCount: Int?
  /// The sizes of readable images, the most frequent first.
  public let sizes: [Size]
  /// The mean and standard deviation over the training images' own pixels, each channel; nil where channels differ.
  public let statistics: ChannelStatistics?
  /// Images with the same pixels, by their first one.
  public let duplicates: [Duplicates]
  /// Images that cannot be decoded, with what is wrong.
  public let unreadable: [(sample: Int, problem: String)]
  /// What became of every file; nil where the data do not come as image files.
  public let account: FileAccount?
  /// Images of unusual sizes.
  public let suspicions: [Suspicion]
  /// What is odd about the data, with remedies; what a sweep says before it trains on all of them.
  public let findings: [Finding]

  /// The smallest side in pixels that is not suspicious.
  public static let smallestSide = 8
  /// The largest ratio of the sides that is not suspicious.
  public static let largestAspect = 4.0
  /// How many times more or fewer pixels than the median are not suspicious.
  public static let largestAreaRatio = 25.0

  /// Looks at every image of a data set.
  ///
  /// - Parameters:
  ///   - catalog: the images.
  ///   - isAlone: whether nobody else needs the machine, so that all cores are used; else it is one thread, the caller's.
  ///   - progress: receives how far it is.
  public init(_ catalog: SampleCatalog, isAlone: Bool = true, progress: @escaping DataProgress = { _ in }) {
    self.catalog = catalog
    let samples = catalog.samples
    let results = catalog.measure(isAlone: isAlone, progress: progress)
    var counts = [SplitName: [Int]]()
    for split in [SplitName.train, .test] { counts[split] = Array(repeating: 0, count: catalog.classNames.count) }
    for sample in samples {
      counts[sample.split, default: Array(repeating: 0, count: catalog.classNames.count)][sample.label] += 1
    }
    classCounts = counts
    let groups = samples.filter { $0.part == .train }.compactMap(\.group)
    groupCount = groups.isEmpty ? nil : Set(groups).count

    var facts: [(sample: Int, facts: SampleCatalog.Facts)] = []
    var unreadable: [(sample: Int, problem: String)] = []
    for (index, result) in results.enumerated() {
      switch result {
      case .success(let found): facts.append((index, found))
      case .failure(let error): unreadable.append((index, "\(error)"))
      }
    }
    self.unreadable = unreadable
    account = catalog.account?
      .moving(unreadable.map { samples[$0.sample].name }.filter { !catalog.missingNames.contains($0) }, to: .damaged)
    sizes = Self.sizes(facts.map(\.facts.shape))
    statistics = Self.statistics(facts.filter { samples[$0.sample].part == .train }.map(\.facts))
    duplicates = Self.duplicates(facts, samples)
    suspicions = Self.suspicions(facts)
    findings =
      catalog.findings + Self.survey(catalog, counts: counts, facts: facts, duplicates: duplicates).findings
  }

  private static func survey(
    _ catalog: SampleCatalog, counts: [SplitName: [Int]], facts: [(sample: Int, facts: SampleCatalog.Facts)],
    duplicates: [Duplicates]
  ) -> DataSurvey {
    func member(_ sample: Int) -> DataSurvey.Member {
      let image = catalog.samples[sample]
      return .init(split: image.split, label: image.label, name: image.name)
    }
    let shape = facts.first?.facts.shape
    var survey = DataSurvey(
      dataset: catalog.dataset, classNames: catalog.classNames,
      imageShape: facts.allSatisfy { $0.facts.shape == shape } ? shape : nil,
      counts: counts)
    survey.duplicates = duplicates.map { $0.samples.map(member) }
    survey.constants = facts.filter(\.facts.isConstant).map { member($0.sample) }
    for (sample, facts) in facts { survey.traits.add(facts.traits, of: catalog.samples[sample].name) }
    return survey
  }

  private static func sizes(_ shapes: [ImageShape]) -> [Size] {
    var counts = [SIMD2<Int>: Int]()
    for shape in shapes { counts[SIMD2(shape.width, shape.height), default: 0] += 1 }
    return counts.map { Size(width: $0.key.x, height: $0.key.y, count: $0.value) }
      .sorted { ($1.count, $0.width, $0.height) < ($0.count, $1.width, $1.height) }
  }

  private static func statistics(_ facts: [SampleCatalog.Facts]) -> ChannelStatistics? {
    guard let channels = facts.first?.shape.channels, facts.allSatisfy({ $0.shape.channels == channels }) else {
      return nil
    }
    var bins = [Double](repeating: 0, count: 256 * channels)
    for fact in facts {
      for (index, count) in fact.histogram.enumerated() { bins[index] += Double(count) }
    }
    return ChannelStatistics(histogram: bins, channels: channels)
  }

  private static func duplicates(
    _ facts: [(sample: Int, facts: SampleCatalog.Facts)], _ samples: [SampleCatalog.Sample]
  ) -> [Duplicates] {
    var groups = [ContentHash: [Int]]()
    for (sample, facts) in facts { groups[facts.pixelHash, default: []].append(sample) }
    return groups.values.filter { $0.count > 1 }.sorted { $0[0] < $1[0] }.map { members in
      Duplicates(
        samples: members, crossesParts: Set(members.map { samples[$0].part }).count > 1,
        differsInClass: Set(members.map { samples[$0].label }).count > 1)
    }
  }

  private static func suspicions(_ facts: [(sample: Int, facts: SampleCatalog.Facts)]) -> [Suspicion] {
    let areas = facts.map { $0.facts.shape.width * $0.facts.shape.height }.sorted()
    let median = Double(areas.isEmpty ? 0 : areas[areas.count / 2])
    return facts.compactMap { sample, facts in
      let (width, height) = (facts.shape.width, facts.shape.height)
      let area = Double(width * height)
      let reason: String
      if min(width, height) < smallestSide {
        reason = "a side is shorter than \(smallestSide)"
      } else if Double(max(width, height)) > largestAspect * Double(min(width, height)) {
        reason = "one side is more than \(Int(largestAspect)) times the other"
      } else if area > median * largestAreaRatio {
        reason = "more than \(Int(largestAreaRatio)) times the median's pixels"
      } else if area * largestAreaRatio < median {
        reason = "fewer than 1/\(Int(largestAreaRatio)) of the median's pixels"
      } else {
        return nil
      }
      return Suspicion(sample: sample, reason: "\(width)×\(height) pixels: \(reason)")
    }
  }
}
