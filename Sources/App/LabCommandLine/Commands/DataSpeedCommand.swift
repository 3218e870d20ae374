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
      variation, or for the given one.

      EXAMPLES
        labrun data speed synthetic-signs
        labrun data speed gtsrb_32.h5 --augment rotate_degrees=10 --augment brightness=0.3
      """)

  @OptionGroup var source: DataSourceOptions

  @Option(help: ArgumentHelp("A key of the augmentation, as in a spec.", valueName: "key=value"))
  var augment: [String] = []

  @Option(help: "Images a batch.") var batch = 64
  @Option(help: ArgumentHelp("How long each variation is measured.", valueName: "seconds")) var seconds = 2.0
  @Flag(help: "Print JSON.") var json = false

  func validate() throws {
    guard batch > 0, seconds > 0 else { throw ValidationError("--batch and --seconds must be positive.") }
  }

  func run() throws {
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
