import ArgumentParser
import Foundation
import LabCore
import LabData
import LabReport
import LabWorkbench

/// The command `labrun data speed`.
struct DataSpeedCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "speed",
    abstract: "Measure how fast one thread makes batches.",
    discussion: """
      Batches of training images in random order, varied as a spec's "augmentation" says: once for each named \
      variation, or for the given one. With --decode it is image files of a folder \
      that are decoded and resized to image_size (or stored_size), whole and \
      reduced, as a data set's "jpeg_decoding" says.

      EXAMPLES
        labrun data speed synthetic-signs
        labrun data speed gtsrb_32.h5 --augment rotate_degrees=10 --augment brightness=0.3
        labrun data speed photos --decode --set image_size=224
      """)

  @OptionGroup var source: DataSourceOptions

  @Option(help: ArgumentHelp("A key of the augmentation, as in a spec.", valueName: "key=value"))
  var augment: [String] = []

  @Option(help: "Images a batch.") var batch = 64
  @Option(help: ArgumentHelp("How long each variation is measured.", valueName: "seconds")) var seconds = 2.0
  @Flag(help: "Measure how fast image files are decoded and resized instead.") var decode = false
  @Flag(help: "Print JSON.") var json = false

  func validate() throws {
    guard batch > 0, seconds > 0 else { throw ValidationError("--batch and --seconds must be positive.") }
    guard !decode || augment.isEmpty else {
      throw ValidationError("--augment varies batches, and --decode makes none; give one of them.")
    }
  }

  func run() throws {
    if decode { return try measureDecoding() }
    let dataset = try PreparedDataset(source.configuration()) { Terminal.standardError.note($0) }
    let rates = try variations().map { name, augmentation in
      (name: name, rate: try imagesPerSecond(dataset, augmentation))
    }
    let output = Terminal.standardOutput
    if json {
      let entries = rates.map { ["augmentation": .string($0.name), "imagesPerSecond": .number($0.rate)] as JSONValue }
      return output.write(
        ["image": .string("\(dataset.imageShape)"), "batch": .integer(batch), "results": .array(entries)])
    }
    output.note("\(dataset.imageShape), batches of \(batch), 1 thread")
    for (name, rate) in rates {
      output.note("  \(name.padding(toLength: 12, withPad: " ", startingAt: 0)) \(NumberText.rate(rate)) images/s")
    }
  }

  /// Decodes and resizes the files of a folder, one after the other, as often as there is time.
  private func measureDecoding() throws {
    let configuration = try source.configuration().validated()
    guard let path = configuration.path, let side = configuration.storedSize ?? configuration.imageSize else {
      throw CommandError(
        "--decode needs a folder of image files and the size that they are resized to, such as --set image_size=224")
    }
    let images = try ImageCollection(paths: [path], classNames: [])
    let shape = ImageShape(channels: configuration.channels ?? 3, height: side, width: side)
    let rates = try JPEGDecoding.allCases.map { decoding in
      var preprocessing = Preprocessing(imageShape: shape, resize: configuration.resize, statistics: nil)
      preprocessing.jpegDecoding = decoding
      return (name: decoding.rawValue, rate: try filesPerSecond(images, preprocessing))
    }
    let output = Terminal.standardOutput
    if json {
      let entries = rates.map { ["jpeg_decoding": .string($0.name), "imagesPerSecond": .number($0.rate)] as JSONValue }
      return output.write(["image": .string("\(shape)"), "files": .integer(images.count), "results": .array(entries)])
    }
    output.note("\(images.count) files, decoded and resized to \(shape), 1 thread")
    for (name, rate) in rates {
      output.note("  \(name.padding(toLength: 12, withPad: " ", startingAt: 0)) \(NumberText.rate(rate)) images/s")
    }
  }

  /// The median of the rates of up to 16 files each that fit into the time.
  private func filesPerSecond(_ images: ImageCollection, _ preprocessing: Preprocessing) throws -> Double {
    let clock = ContinuousClock()
    let end = clock.now + .seconds(seconds)
    var rates: [Double] = []
    repeat {
      for first in stride(from: 0, to: images.count, by: 16) where rates.isEmpty || clock.now < end {
        let range = first..<min(first + 16, images.count)
        let elapsed = try clock.measure { for index in range { _ = try images.resized(index, as: preprocessing) } }
        rates.append(Double(range.count) / elapsed.seconds)
      }
    } while clock.now < end
    return rates.sorted()[rates.count / 2]
  }

  /// The variations that are measured, by name.
  private func variations() throws -> [(String, AugmentationConfiguration)] {
    guard augment.isEmpty else {
      return [
        (
          "given",
          try AugmentationConfiguration(
            checking: .object(Settings.members(augment, of: "--augment", example: "rotate_degrees=10")))
        )
      ]
    }
    return AugmentationConfiguration.presets.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
  }

  /// The median of the epochs, or parts of one, that fit into the time.
  private func imagesPerSecond(_ dataset: PreparedDataset, _ augmentation: AugmentationConfiguration) throws -> Double {
    let loader = try BatchLoader(training: dataset, batchSize: batch, seed: 0, augmentation: augmentation)
    let buffer = BatchBuffer(for: loader)
    let clock = ContinuousClock()
    let end = clock.now + .seconds(seconds)
    var rates: [Double] = []
    var epoch = 0
    repeat {
      for first in stride(from: 0, to: loader.plan.batchesPerEpoch, by: 32) where rates.isEmpty || clock.now < end {
        var images = 0
        let elapsed = clock.measure {
          for number in first..<min(first + 32, loader.plan.batchesPerEpoch) {
            images += loader.load(epoch: epoch, batch: number, into: buffer).count
          }
        }
        rates.append(Double(images) / elapsed.seconds)
      }
      epoch += 1
    } while clock.now < end
    return rates.sorted()[rates.count / 2]
  }
}
