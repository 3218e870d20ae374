import LabCore
import LabData
import Testing

@Suite struct SplitTests {
  /// 500, 300, 150, 49 and 1 images of five classes, interleaved.
  private static let labels: [Int32] = {
    let counts = [500, 300, 150, 49, 1]
    let sorted = counts.enumerated().flatMap { Array(repeating: Int32($0), count: $1) }
    return RandomStream(seed: 3, name: "labels").permutation(count: sorted.count).map { sorted[$0] }
  }()

  private func counts(_ split: DatasetSplit, _ classCount: Int = 5) -> [Int] {
    var counts = [Int](repeating: 0, count: classCount)
    for label in split.labels { counts[Int(label)] += 1 }
    return counts
  }

  @Test(arguments: [1, 2, 10, 97, 100, 333, 999])
  func limitsKeepTheProportionsWithinOneImage(limit: Int) throws {
    let raw = try randomDataset(labels: Self.labels)
    let dataset = try PreparedDataset(configuration { $0.trainLimit = limit }, raw: raw)
    #expect(dataset.train.count == limit)
    #expect(Set(dataset.train.indices).count == limit)
    for (count, total) in zip(counts(dataset.train), [500, 300, 150, 49, 1]) {
      #expect(abs(Double(count) - Double(total * limit) / 1000) < 1)
    }
    #expect(dataset.classCounts == counts(dataset.train))
    #expect(zip(dataset.train.indices, dataset.train.labels).allSatisfy { Self.labels[Int($0)] == $1 })
  }

  @Test func limitsBeyondTheDataTakeEverything() throws {
    let raw = try randomDataset(labels: Self.labels)
    let dataset = try PreparedDataset(
      configuration {
        $0.trainLimit = 1_000_000
        $0.testLimit = 4
      }, raw: raw)
    #expect(dataset.train.count == 1000)
    #expect(dataset.test.count == 4)
    #expect(dataset.validation.count == 0)
  }

  @Test(arguments: [HeldOutSize.fraction(0.1), .fraction(0.333), .count(100), .count(1)])
  func validationIsStratifiedAndApart(size: HeldOutSize) throws {
    let raw = try randomDataset(labels: Self.labels)
    let dataset = try PreparedDataset(configuration { $0.validation = size }, raw: raw)
    let expected = size.resolved(of: 1000)
    #expect(dataset.validation.count == expected)
    #expect(dataset.train.count == 1000 - expected)
    #expect(Set(dataset.train.indices).isDisjoint(with: dataset.validation.indices))
    for (count, total) in zip(counts(dataset.validation), [500, 300, 150, 49, 1]) {
      #expect(abs(Double(count) - Double(total * expected) / 1000) < 1)
    }
  }

  @Test func limitsLeaveTheValidationSplitAsItIs() throws {
    let raw = try randomDataset(labels: Self.labels)
    let whole = try PreparedDataset(configuration { $0.validation = .count(100) }, raw: raw)
    let limited = try PreparedDataset(
      configuration {
        $0.validation = .count(100)
        $0.trainLimit = 50
      }, raw: raw)
    #expect(whole.validation.indices == limited.validation.indices)
    #expect(limited.train.count == 50)
    #expect(Set(limited.train.indices).isSubset(of: whole.train.indices))
  }

  @Test func subsetsDependOnTheirSeedAlone() throws {
    let raw = try randomDataset(labels: Self.labels)
    func indices(_ seed: Int) throws -> [Int32] {
      try PreparedDataset(
        configuration {
          $0.trainLimit = 100
          $0.subsetSeed = seed
        }, raw: raw
      ).train.indices
    }
    #expect(try indices(0) == indices(0))
    #expect(try indices(0) != indices(1))
  }

  @Test func groupsAreNeverSplit() throws {
    // 60 groups of 5 to 30 images; most hold one class, the last ten hold several.
    var labels = [Int32]()
    var groups = [Int32]()
    for group in 0..<60 {
      for image in 0..<(5 + group * 7 % 26) {
        labels.append(Int32(group < 50 ? group % 4 : (group + image) % 4))
        groups.append(Int32(group))
      }
    }
    let raw = try randomDataset(labels: labels, groups: groups)
    for seed in 0..<5 {
      let dataset = try PreparedDataset(
        configuration {
          $0.validation = .fraction(0.2)
          $0.subsetSeed = seed
        }, raw: raw)
      let held = Set(dataset.validation.indices.map { groups[Int($0)] })
      let fitted = Set(dataset.train.indices.map { groups[Int($0)] })
      #expect(held.isDisjoint(with: fitted))
      #expect(dataset.validation.count + dataset.train.count == labels.count)
      let share = Double(dataset.validation.count) / Double(labels.count)
      #expect(abs(share - 0.2) < 0.05, "share \(share)")
      #expect(counts(dataset.validation, 4).allSatisfy { $0 > 0 })
      #expect(dataset.classCounts.allSatisfy { $0 > 0 })
    }
    // By class, groups are not looked at.
    let byClass = try PreparedDataset(
      configuration {
        $0.validation = .fraction(0.2)
        $0.validationBy = .class
      }, raw: raw)
    #expect(
      !Set(byClass.validation.indices.map { groups[Int($0)] })
        .isDisjoint(with: byClass.train.indices.map { groups[Int($0)] }))
  }

  @Test func onlyGroupOfAClassStaysInTraining() throws {
    let raw = try randomDataset(labels: [0, 0, 0, 1, 1, 1, 1, 1, 1], groups: [0, 0, 0, 1, 1, 1, 2, 2, 2])
    let dataset = try PreparedDataset(configuration { $0.validation = .count(6) }, raw: raw)
    #expect(counts(dataset.train, 2)[0] == 3)
    #expect(dataset.validation.count == 3)
    let single = try randomDataset(labels: [0, 0, 1, 1], groups: [0, 0, 1, 1])
    #expect(throws: DataError.self) { try PreparedDataset(configuration { $0.validation = .count(2) }, raw: single) }
  }

  @Test func validationLeavesSomethingToLearnFrom() throws {
    let raw = try randomDataset(labels: [0, 1, 0, 1])
    #expect(
      throws: DataError.unusableSplit(
        subject: "validation", actual: "4 images", expected: "fewer than the 4 training images")
    ) { try PreparedDataset(configuration { $0.validation = .count(4) }, raw: raw) }
    #expect(try PreparedDataset(configuration { $0.validation = .count(0) }, raw: raw).validation.count == 0)
  }

  @Test func downsamplingKeepsAsManyAsTheRarest() throws {
    let raw = try randomDataset(labels: Self.labels.filter { $0 < 4 })
    let dataset = try PreparedDataset(configuration { $0.balance = .downsample }, raw: raw)
    #expect(dataset.classCounts == [49, 49, 49, 49])
    #expect(Set(dataset.train.indices).count == 196)
  }

  @Test func oversamplingRepeatsEachImageAboutEquallyOften() throws {
    let raw = try randomDataset(labels: Self.labels)
    let dataset = try PreparedDataset(configuration { $0.balance = .oversample }, raw: raw)
    #expect(dataset.classCounts == [500, 500, 500, 500, 500])
    var occurrences = [Int32: Int]()
    for index in dataset.train.indices { occurrences[index, default: 0] += 1 }
    #expect(occurrences.count == 1000)
    for (index, count) in occurrences {
      let total = [500, 300, 150, 49, 1][Int(Self.labels[Int(index)])]
      #expect(abs(Double(count) - 500 / Double(total)) < 1)
    }
  }
}
