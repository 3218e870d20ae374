import Foundation
import LabCore
import LabSyntheticSigns

extension DatasetDefinition {
  /// Generated images of traffic signs.
  static let syntheticSigns = DatasetDefinition(
    name: "synthetic-signs",
    summary: "Generated images of 43 classes of traffic signs in varied light, size and sharpness; needs no files.",
    options: SyntheticSignsOptions.schema, isDrawn: true
  ) { configuration, _ in
    let options = try SyntheticSignsOptions(configuration)
    return try SyntheticSignsSource(options: options, imageSize: configuration.storedSide ?? 32)
  }
}

extension SyntheticSignsOptions: DatasetOptions {
  package static let schema: ConfigurationSchema = {
    let defaults = SyntheticSignsOptions()
    let classCount = SignDesign.all.count
    func field(
      _ key: CodingKeys, _ kind: ConfigurationSchema.Kind, _ defaultValue: JSONValue, _ summary: String
    ) -> ConfigurationSchema.Field { .init(key.rawValue, kind, default: defaultValue, summary) }
    return ConfigurationSchema([
      field(
        .trainCount, .integer(classCount...10_000_000), .integer(defaults.trainCount),
        "The number of training images to generate."),
      field(
        .testCount, .integer(classCount...10_000_000), .integer(defaults.testCount),
        "The number of test images to generate; all classes are equally frequent in it."),
      field(
        .seed, .integer(0...Int(Int32.max)), .integer(defaults.seed), "Which of endlessly many such data sets."),
      field(
        .lighting, .number(.unit), .number(defaults.lighting),
        "How much light differs between images, from 0 (even and white) to 1."),
      field(
        .blur, .number(.init(0, 8)), .number(defaults.blur),
        "The largest standard deviation of the blur, in pixels of a 32-pixel image."),
      field(
        .noise, .number(.unit), .number(defaults.noise),
        "The largest standard deviation of the noise, as a share of full scale."),
      field(
        .clutter, .number(.unit), .number(defaults.clutter),
        "How much there is behind and around a sign, from 0 (a plain backdrop) to 1."),
      field(
        .minScale, .number(.init(0.1, 1)), .number(defaults.minScale),
        "The smallest diameter of a sign as a share of the image."),
      field(
        .maxScale, .number(.init(0.1, 1)), .number(defaults.maxScale),
        "The largest diameter of a sign as a share of the image."),
      field(
        .lowResolution, .number(.unit), .number(defaults.lowResolution),
        "The share of images that are enlarged from fewer pixels, like signs far away."),
      field(
        .minResolution, .integer(4...4096), .integer(defaults.minResolution),
        "The fewest pixels, in height and width, from which an image is enlarged."),
      field(
        .imbalance, .number(.init(1, 1000)), .number(defaults.imbalance),
        "How many times as many training images the most frequent class has as the rarest."),
      field(
        .trackLength, .integer(1...1000), .integer(defaults.trackLength),
        "Training images of one and the same sign, which then form a group; 1: no groups."),
    ])
  }()
}

/// Renders signs; image i of a part is a pure function of the options and i.
struct SyntheticSignsSource: DatasetSource {
  /// Counted up whenever the same options give other images.
  private static let generatorVersion = 1

  let identity: [String]
  let origin = "the generator of signs"
  private let options: SyntheticSignsOptions
  private let imageSize: Int

  init(options: SyntheticSignsOptions, imageSize: Int) throws {
    guard options.minScale <= options.maxScale else {
      throw DataError.invalidOption(
        key: "min_scale", actual: "\(options.minScale)", expected: "at most max_scale, \(options.maxScale)")
    }
    guard imageSize >= 8 else {
      throw DataError.invalidOption(
        key: "image_size", actual: "\(imageSize)", expected: "at least 8 for synthetic-signs")
    }
    self.options = options
    self.imageSize = imageSize
    let text = try JSONValue(encoding: options).canonicalText
    identity = ["synthetic-signs", "\(Self.generatorVersion)", text, "\(imageSize)"]
  }

  func manifest(progress: @escaping DataProgress) throws -> DatasetManifest {
    let train = plan(of: .train)
    return DatasetManifest(
      imageShape: ImageShape(channels: 3, height: imageSize, width: imageSize),
      classNames: SignDesign.all.map(\.name), trainLabels: train.map { Int32($0.label) },
      trainGroups: options.trackLength > 1 ? train.map { Int32($0.track) } : nil,
      testLabels: plan(of: .test).map { Int32($0.label) })
  }

  func decodeImages(
    of part: DatasetPart, manifest: DatasetManifest, into destination: UnsafeMutableBufferPointer<UInt8>,
    progress: DecodingProgress
  ) throws {
    let plan = plan(of: part)
    let scenes = SignScene.Draw(options: options, part: part.rawValue)
    let byteCount = manifest.imageShape.elementCount
    // Images are disjoint parts of the destination, and each is rendered by one iteration.
    let target = Destination(base: destination.baseAddress!)
    Parallel.forEachChunk(of: plan.count, size: 64) { images in
      var renderer = SignRenderer(size: imageSize)
      for image in images {
        let item = plan[image]
        renderer.render(
          SignDesign.all[item.label], scene: scenes.scene(of: item), into: target.base + image * byteCount)
      }
      progress.add(images.count)
    }
  }

  private struct Destination: @unchecked Sendable { let base: UnsafeMutablePointer<UInt8> }

  /// What each image of a part shows, in shuffled order.
  func plan(of part: DatasetPart) -> [SignPicture] {
    let classCount = SignDesign.all.count
    let order = RandomStream(seed: UInt64(options.seed), name: "signs/frequency").permutation(count: classCount)
    var weights = [Double](repeating: 1, count: classCount)
    if part == .train {
      // Frequencies fall geometrically from the most frequent class to the rarest.
      for (rank, label) in order.enumerated() {
        weights[label] = pow(options.imbalance, -Double(rank) / Double(classCount - 1))
      }
    }
    let total = part == .train ? options.trainCount : options.testCount
    let counts = Apportionment.atLeastOne(total: total, weights: weights)
    let trackLength = part == .train ? options.trackLength : 1
    var items = [SignPicture]()
    var track = 0
    for label in 0..<classCount {
      for index in 0..<counts[label] {
        if index % trackLength == 0 { track += 1 }
        items.append(SignPicture(label: label, track: track - 1, frame: index % trackLength))
      }
    }
    let shuffled = RandomStream(seed: UInt64(options.seed), name: "signs/\(part.rawValue)/order")
      .permutation(count: items.count)
    return shuffled.map { items[$0] }
  }
}
