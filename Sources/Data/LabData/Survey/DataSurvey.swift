import LabCore

/// One kind of oddity that a data set's labels and images can show.
///
/// A new kind is one file in `Checks` and one line of ``DataSurvey/checks``.
protocol SurveyCheck {
  /// What is odd; empty where nothing is.
  static func findings(in survey: DataSurvey) -> [Finding]
}

/// What is known of a data set's labels and images, from which its findings follow.
package struct DataSurvey: Sendable {
  /// One image.
  package struct Member: Hashable, Sendable {
    /// The split that it belongs to.
    package var split: SplitName
    /// Its class.
    package var label: Int
    /// What it is called: its path within the data set, or its part and number.
    package var name: String
  }

  /// The registered name of the data set.
  package var dataset: String
  /// The name of each class; a label is an index into it.
  package var classNames: [String]
  /// The extents of every image; nil where they differ.
  package var imageShape: ImageShape?
  /// The number of different images of each class, by split.
  package var counts: [SplitName: [Int]]
  /// Images with the same pixels, in groups of at least two.
  package var duplicates: [[Member]] = []
  /// Images of which every pixel is the same.
  package var constants: [Member] = []
  /// What files say of images beside their pixels.
  package var traits = ImageTraitTally()

  /// Every check, in the order in which findings are listed.
  static var checks: [any SurveyCheck.Type] {
    [
      ChannelCountCheck.self,
      MissingClassCheck.self,
      RareClassCheck.self,
      ClassNameCheck.self,
      SharedImageCheck.self,
      ContradictionCheck.self,
      ConstantImageCheck.self,
      ImageTraitCheck.self,
      SplitSizeCheck.self,
    ]
  }

  /// Creates a survey without images.
  package init(dataset: String, classNames: [String], imageShape: ImageShape?, counts: [SplitName: [Int]]) {
    self.dataset = dataset
    self.classNames = classNames
    self.imageShape = imageShape
    self.counts = counts
  }

  /// What is odd; paths are those of a spec.
  package var findings: [Finding] { Self.checks.flatMap { $0.findings(in: self) } }

  // MARK: What checks need

  /// The number of images of a split.
  func count(_ split: SplitName) -> Int { counts[split]?.reduce(0, +) ?? 0 }

  /// The number of images of a class in a split.
  func count(_ split: SplitName, of label: Int) -> Int {
    guard let counts = counts[split], counts.indices.contains(label) else { return 0 }
    return counts[label]
  }

  /// An image with its class, for messages.
  func described(_ member: Member) -> String { "\(member.name) (\(className(member.label)))" }

  /// A class by its name, in quotation marks unless it is a number.
  func className(_ label: Int) -> String {
    guard classNames.indices.contains(label) else { return "\(label)" }
    let name = classNames[label]
    return Int(name) == nil ? "\"\(name)\"" : name
  }

  /// Some classes for a message: ranges where their names are the labels' numbers, else the first names.
  func list(_ labels: [Int]) -> String {
    guard labels.allSatisfy({ classNames[$0] == "\($0)" }) else {
      return Self.list(labels.map(className))
    }
    var ranges: [ClosedRange<Int>] = []
    for label in labels {
      if let last = ranges.last, last.upperBound + 1 == label {
        ranges[ranges.count - 1] = last.lowerBound...label
      } else {
        ranges.append(label...label)
      }
    }
    return Self.list(
      ranges.map { $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound) to \($0.upperBound)" })
  }

  /// The first of some names, and how many more there are.
  static func list(_ names: [String], most: Int = 5) -> String {
    names.prefix(most).joined(separator: ", ") + (names.count > most ? " and \(names.count - most) more" : "")
  }

  /// A number of things in words, such as `1 image` and `3 images`.
  static func counted(_ count: Int, _ singular: String, _ plural: String? = nil) -> String {
    count == 1 ? "1 \(singular)" : "\(count) \(plural ?? singular + "s")"
  }

  /// A share as a percentage, with as many decimals as it takes not to be zero.
  static func percentage(_ part: Int, of whole: Int) -> String {
    let share = 100 * Double(part) / Double(max(1, whole))
    for decimals in 0...3 {
      let factor = [1.0, 10, 100, 1000][decimals]
      let rounded = (share * factor).rounded() / factor
      if rounded > 0, share >= 10 || decimals > 0 || rounded == share {
        return rounded == rounded.rounded() ? "\(Int(rounded)) %" : "\(rounded) %"
      }
    }
    return "less than 0.001 %"
  }
}

extension DataSurvey {
  /// The survey of a data set as a run sees it.
  ///
  /// - Parameters:
  ///   - dataset: the registered name of the data set.
  ///   - raw: its images.
  ///   - splits: which images are used for what; others are not looked at.
  ///   - name: what an image of a part is called.
  init(
    dataset: String, raw: RawDataset, splits: [SplitName: DatasetSplit], name: (DatasetPart, Int) -> String
  ) {
    let manifest = raw.manifest
    let labels = manifest.trainLabels + manifest.testLabels
    let trainCount = manifest.trainLabels.count
    // The use of every image, through both parts.
    var uses = [SplitName?](repeating: nil, count: labels.count)
    for (use, split) in splits {
      let offset = split.part == .test ? trainCount : 0
      for index in split.indices { uses[offset + Int(index)] = use }
    }
    func member(_ number: Int32) -> Member? {
      let number = Int(number)
      guard let use = uses[number] else { return nil }
      let isTest = number >= trainCount
      return Member(
        split: use, label: Int(labels[number]), name: name(isTest ? .test : .train, number - (isTest ? trainCount : 0)))
    }
    var counts = splits.mapValues { _ in [Int](repeating: 0, count: manifest.classNames.count) }
    for (number, use) in uses.enumerated() {
      if let use { counts[use]?[Int(labels[number])] += 1 }
    }
    self.init(dataset: dataset, classNames: manifest.classNames, imageShape: manifest.imageShape, counts: counts)
    duplicates = raw.facts.duplicates.map { $0.compactMap(member) }.filter { $0.count > 1 }
    constants = raw.facts.constants.compactMap(member)
    traits = manifest.traits
  }
}
