import Foundation
import LabCore
import LabData
import Testing

/// What is said of odd data before anything is trained.
@Suite struct DataFindingTests {
  /// A data set of single pixels; equal numbers are equal images.
  private func dataset(
    train: [(pixel: UInt8, label: Int32)], test: [(pixel: UInt8, label: Int32)], classNames: [String]? = nil,
    shape: ImageShape = ImageShape(channels: 1, height: 2, width: 2),
    _ change: (inout DatasetConfiguration) -> Void = { _ in }
  ) throws -> PreparedDataset {
    // The last value differs from the others, so that no image is of one colour.
    func bytes(_ images: [(pixel: UInt8, label: Int32)]) -> [UInt8] {
      images.flatMap { image in (0..<shape.elementCount).map { $0 == 0 ? image.pixel ^ 0xff : image.pixel } }
    }
    let largest = (train + test).map(\.label).max() ?? 0
    let manifest = DatasetManifest(
      imageShape: shape, classNames: classNames ?? (0...largest).map(String.init), trainLabels: train.map(\.label),
      testLabels: test.map(\.label))
    return try PreparedDataset(
      configuration(change), raw: RawDataset(manifest: manifest, trainImages: bytes(train), testImages: bytes(test)))
  }

  /// Images of some labels, each of its own.
  private func images(_ labels: [Int32], from first: UInt8 = 0) -> [(pixel: UInt8, label: Int32)] {
    labels.enumerated().map { (first + UInt8($0), $1) }
  }

  /// As many test images as it takes for nothing to be said of their number.
  private let tested: [Int32] = (0..<100).map { $0 % 2 }

  private func messages(_ data: PreparedDataset) -> [String] { data.findings.map(\.description) }

  @Test func ordinaryDataHaveNoFindings() throws {
    let data = try dataset(train: images([0, 1, 0, 1]), test: images(tested, from: 10))
    #expect(messages(data).isEmpty)
  }

  @Test func labelsFromOneAreSaid() throws {
    let data = try dataset(train: images([1, 2, 1, 2]), test: images(tested.map { $0 + 1 }, from: 10))
    #expect(
      messages(data) == [
        "1 of 3 classes has no training image: 0; the labels seem to begin at 1. Subtract 1 from every label, since "
          + "labels count from 0"
      ])
    #expect(data.findings[0].severity == .warning)
  }

  @Test func aMarkForNoneIsSaid() throws {
    let data = try dataset(train: images([0, 1, 0, 1, 255, 255]), test: images(tested, from: 10))
    let text = try #require(messages(data).first)
    #expect(text.hasPrefix("253 of 256 classes have no training image: 2 to 254; the label 255 may be a mark for"))
    #expect(messages(data).last?.hasPrefix("1 class of 256 has no test image") == true)
  }

  @Test func classesOfTestImagesAloneAreSaid() throws {
    let data = try dataset(
      train: images([0, 1, 0, 1]), test: images(tested.dropLast() + [2], from: 10), classNames: ["cat", "dog", "owl"])
    #expect(messages(data).count == 1)
    #expect(
      messages(data)[0].hasPrefix(
        "1 of 3 classes has no training image: \"owl\"; each is an output that is never right; the 1 test image of it "
          + "cannot be right"))
  }

  @Test func aLimitThatLeavesAClassOutIsSaid() throws {
    let data = try dataset(train: images([0, 0, 0, 0, 0, 0, 0, 1, 2, 2]), test: images(tested, from: 10)) {
      $0.trainLimit = 5
    }
    #expect(messages(data).contains { $0.hasPrefix("1 of 3 classes has no training image: 1") })
  }

  @Test func nothingToTellApartIsAnError() throws {
    let data = try dataset(train: images([1, 1, 1, 1]), test: images(tested, from: 10))
    #expect(data.findings[0].severity == .error)
    #expect(messages(data)[0].hasPrefix("all training images are of class 1, so that there is nothing to tell apart"))
  }

  @Test func singleImagesOfAClassAreSaid() throws {
    let data = try dataset(train: images([0, 1, 0]), test: images(tested, from: 10))
    #expect(messages(data).map { $0.prefix(50) } == ["1 class of 2 has a single training image: 1. Give "])
  }

  @Test(arguments: [
    (["cat", "cat"], "the classes 0, 1 are all called \"cat\""),
    (["cat", "cat "], "the names of 1 class begin or end with blanks, or are empty: \"cat \""),
    (["cat", "Cat"], "the classes 0, 1 differ only in blanks, case or the encoding of letters: \"cat\", \"Cat\""),
    (["\u{e9}", "e\u{301}"], "the classes 0, 1 differ only in"),
    (["cat", ""], "the names of 1 class begin or end with blanks, or are empty: \"\""),
  ]) func namesThatLookAlikeAreSaid(names: [String], message: String) throws {
    let data = try dataset(train: images([0, 1, 0, 1]), test: images(tested, from: 10), classNames: names)
    #expect(messages(data).contains { $0.hasPrefix(message) }, "\(messages(data))")
  }

  @Test func imagesInTrainingAndTestAreSaid() throws {
    let train = images([0, 1, 0, 1])
    let data = try dataset(train: train, test: images(tested.dropLast(2), from: 10) + [train[1], train[1]])
    #expect(messages(data).count == 1)
    #expect(
      messages(data)[0].hasPrefix(
        "2 of 100 test images (2 %) are also among the training images, pixel by pixel, which measures what was "
          + "memorised: test[98] = train[1]. Write the data set anew"))
  }

  @Test func imagesInTrainingAndValidationAreSaid() throws {
    let train = images([0, 1, 0, 1])
    let data = try dataset(train: train + train, test: images(tested, from: 10)) { $0.validation = .count(2) }
    // One image of either class, whose twin stays in training.
    #expect(
      data.findings.contains {
        $0.key == "dataset.validation" && $0.message.contains("of 2 validation images")
          && $0.message.contains("chooses by what was memorised")
      })
    // Without a validation split, images that are there twice in one split are nothing to warn of.
    #expect(messages(try dataset(train: train + train, test: images(tested, from: 10))).isEmpty)
  }

  @Test func imagesThatNoSplitTakesAreNotLookedAt() throws {
    let train = images([0, 1, 0, 1])
    let data = try dataset(train: train, test: images(tested, from: 10) + [train[0], train[1]]) { $0.testLimit = 100 }
    let all = try dataset(train: train, test: images(tested, from: 10) + [train[0], train[1]])
    #expect(messages(all)[0].hasPrefix("2 of 102 test images (2 %)"))
    let kept = data.test.indices.filter { $0 >= 100 }.count
    #expect(messages(data).count == (kept > 0 ? 1 : 0))
  }

  @Test func imagesOfEqualCheckSumsAreCompared() throws {
    let first = (0..<64).map { UInt8(3 * $0) }
    // A multiple of the polynomial of CRC-32 leaves the sum as it is.
    var second = first
    for (index, bits) in [0x41, 0x06, 0x71, 0xdb, 0x01].enumerated() { second[index] ^= UInt8(bits) }
    func data(test: [UInt8]) throws -> PreparedDataset {
      let manifest = DatasetManifest(
        imageShape: ImageShape(channels: 1, height: 8, width: 8), classNames: ["0", "1"], trainLabels: [0, 1],
        testLabels: [0])
      return try PreparedDataset(
        configuration(),
        raw: RawDataset(manifest: manifest, trainImages: first + first.reversed(), testImages: test))
    }
    let message = "1 of 1 test image (100 %) is also among the training images"
    #expect(messages(try data(test: first)).contains { $0.hasPrefix(message) })
    #expect(!messages(try data(test: second)).contains { $0.hasPrefix(message) })
  }

  @Test func contradictoryLabelsAreSaid() throws {
    let data = try dataset(
      train: images([0, 1, 0, 1]) + [(0, 1)], test: images(tested, from: 10), classNames: ["cat", "dog"])
    #expect(
      messages(data) == [
        "1 image occurs with more than one label: train[0] (\"cat\") = train[4] (\"dog\"). Decide on one label, or leave "
          + "the images out; labrun data inspect lists all"
      ])
  }

  @Test func imagesOfOneColorAreSaid() throws {
    let shape = ImageShape(channels: 3, height: 2, width: 2)
    let varied = (0..<4).map { image in (0..<12).map { UInt8($0 * 7 + image) } }
    func data(_ train: [[UInt8]]) throws -> PreparedDataset {
      let manifest = DatasetManifest(
        imageShape: shape, classNames: ["0", "1"], trainLabels: train.indices.map { Int32($0 % 2) }, testLabels: [0, 1])
      return try PreparedDataset(
        configuration(),
        raw: RawDataset(
          manifest: manifest, trainImages: Array(train.joined()), testImages: Array((varied[0] + varied[1]).reversed()))
      )
    }
    let red: [UInt8] = Array(repeating: [200, 10, 10], count: 4).flatMap(\.self)
    let findings = try data(varied + [red, red]).findings.map(\.description)
    #expect(
      findings.contains { $0.hasPrefix("2 of 8 images are of one colour throughout: train[4] (0), train[5] (1)") })
    #expect(!(try data(varied).findings.contains { $0.message.contains("one colour") }))
    // Colours may be what tells classes apart, and small data are often made up to try something.
    #expect(try data([red, red]).findings.allSatisfy { $0.severity == .warning })
  }

  @Test func validationThatRoundsToNoImageIsSaid() throws {
    let nine: [Int32] = [0, 1, 0, 1, 0, 1, 0, 1, 0]
    let data = try dataset(train: images(nine), test: images(tested, from: 10)) { $0.validation = .fraction(0.01) }
    #expect(data.findings.map(\.key) == ["dataset.validation"])
    #expect(
      messages(data)[0].hasPrefix(
        "the share 0.01 of 9 training images rounds to no image, so that there is no validation split"))
    for validation in [HeldOutSize.fraction(0.1), .fraction(0), .count(0)] {
      #expect(
        messages(try dataset(train: images(nine), test: images(tested, from: 10)) { $0.validation = validation })
          .isEmpty)
    }
  }

  @Test func fewTestImagesAreSaid() throws {
    let data = try dataset(train: images([0, 1, 0, 1]), test: images(Array(tested.prefix(30)), from: 10))
    #expect(
      messages(data)[0].hasPrefix("there are only 30 test images, so that one image weighs 3.3 points of accuracy"))
  }

  @Test func channelsThatNoPictureHasAreSaid() throws {
    func data(_ shape: ImageShape) throws -> [String] {
      messages(try dataset(train: images([0, 1, 0, 1]), test: images(tested, from: 10), shape: shape))
    }
    let turned = try data(ImageShape(channels: 32, height: 3, width: 32))
    #expect(turned.count == 1)
    #expect(turned[0].hasPrefix("images have 32 channels of 3×32 pixels"))
    #expect(turned[0].contains("they look like 3 channels that were stored first"))
    #expect(try data(ImageShape(channels: 2, height: 8, width: 8))[0].hasPrefix("images have 2 channels of 8×8 pixels"))
    for channels in [1, 3, 4] {
      #expect(try data(ImageShape(channels: channels, height: 4, width: 4)).isEmpty)
    }
  }

  @Test func findingsOutlastTheCache() throws {
    let folder = try TemporaryFolder()
    let file = try fixture("layout/first.h5")
    func prepare() throws -> [Finding] {
      try PreparedDataset(DatasetConfiguration(name: "hdf5", path: file), environment: folder.environment).findings
    }
    let first = try prepare()
    #expect(first.contains { $0.key == "dataset.layout" })
    #expect(try prepare() == first)
  }
}
