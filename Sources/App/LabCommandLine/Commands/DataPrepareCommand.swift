import ArgumentParser
import Foundation
import LabData
import LabReport
import LabWorkbench

/// The command `labrun data prepare`.
struct DataPrepareCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "prepare",
    abstract: "Filter, split, balance, resize and pack a data set into an HDF5 file or a folder.",
    discussion: """
      The source is only read. Beside the result stands a manifest, which says of every image where it is from and what
      was done to it, and of every image that was left out why. A result that ends in .h5 is used as data set hdf5, with
      groups and validation images; a folder as data set image-folder.

      EXAMPLES
        labrun data prepare gtsrb gtsrb_32.h5 --path GTSRB/ --image-size 32
        labrun data prepare photos/ photos.h5 --image-size 64 --resize letterbox --split 0.8,0.1,0.1 --dry-run
        labrun data prepare photos/ balanced/ --min-size 16 --max-aspect 3 --balance augment --drop-duplicates
      """)

  @OptionGroup var source: DataSourceOptions

  @Argument(help: ArgumentHelp("The HDF5 file (.h5) or folder to write; it must not exist.", valueName: "result"))
  var result: String

  @Flag(help: "Say what would be written, and write nothing.") var dryRun = false

  @Option(help: "Leave out images with a side shorter than this, in pixels.") var minSize: Int?
  @Option(help: "Leave out images with a side longer than this, in pixels.") var maxSize: Int?
  @Option(help: "Leave out images with one side more than this many times the other.") var maxAspect: Double?
  @Flag(help: "Of images with the same pixels keep one, a test image if there is one.") var dropDuplicates = false
  @Flag(help: "Leave out damaged files instead of stopping at them.") var skipCorrupt = false

  @Option(
    help: ArgumentHelp("Divide all images anew, such as 0.8,0.1,0.1.", valueName: "train,validation,test"))
  var split: String?

  @Option(help: "Divide class by class or in whole groups (class, group; auto: by group if any).")
  var splitBy = HeldOutUnit.auto

  @Option(help: "The seed of what is chosen at random.") var seed = 0

  @Option(help: "Even out training classes: none, downsample, or augment (varied copies of rare classes).")
  var balance = PackingOptions.Balance.none

  @Option(help: "Training images of each class after balancing (default: as the rarest or the most frequent class).")
  var perClass: Int?

  @Flag(help: "Add every training image mirrored left to right.") var flip = false

  @Option(help: ArgumentHelp("Add the training images of this class mirrored.", valueName: "class"))
  var flipClass: [String] = []

  @Option(help: "The height and width of all images, in pixels (default: their own).") var imageSize: Int?
  @Option(help: "How other proportions become a square: squash, letterbox or crop.") var resize = ImageFit.squash
  @Option(help: "The number of channels, 1 or 3 (default: the images' own).") var channels: Int?
  @Flag(help: "Print JSON.") var json = false

  func validate() throws {
    for (name, value) in [("--min-size", minSize), ("--max-size", maxSize), ("--per-class", perClass)] {
      guard value ?? 1 > 0 else { throw ValidationError("\(name) takes at least 1") }
    }
    guard (1...4096).contains(imageSize ?? 1) else { throw ValidationError("--image-size takes 1 to 4096") }
    guard [1, 3].contains(channels ?? 3) else { throw ValidationError("--channels takes 1 or 3") }
    guard (maxAspect ?? 1) >= 1 else { throw ValidationError("--max-aspect takes at least 1") }
    guard seed >= 0 else { throw ValidationError("--seed takes 0 or more") }
    guard balance != .none || perClass == nil else {
      throw ValidationError("--per-class belongs to --balance downsample or --balance augment")
    }
  }

  func run() throws {
    let say: DataProgress = { Terminal.standardError.note($0) }
    let options = try packingOptions()
    let catalog = try source.catalog(allowsNoTest: options.shares != nil, progress: say)
    let plan = try PackingPlan(catalog, options: options, progress: say)
    let packer = try Packer(plan, destination: result)
    let table = PackingTable(plan, destination: result).table
    if !dryRun { try packer.write(progress: say) }
    Terminal.standardOutput.write(
      table, as: json ? TableFormats.json : TableFormats.text, showsLegend: false)
    Terminal.standardError.note(
      dryRun ? "nothing was written" : "written to \(result); what was done is in \(packer.manifestPath)")
  }

  private func packingOptions() throws -> PackingOptions {
    var options = PackingOptions()
    options.minimumSide = minSize
    options.maximumSide = maxSize
    options.maximumAspect = maxAspect
    options.dropsDuplicates = dropDuplicates
    options.skipsUnreadable = skipCorrupt
    options.splitBy = splitBy
    options.seed = seed
    options.balance = balance
    options.imagesPerClass = perClass
    options.flippedClasses = flip ? [] : flipClass.isEmpty ? nil : flipClass
    options.imageSize = imageSize
    options.resize = resize
    options.channels = channels
    if let split {
      let shares = split.split(separator: ",").map { Double($0.trimmingCharacters(in: .whitespaces)) }
      guard shares.count == 3, let train = shares[0], let validation = shares[1], let test = shares[2] else {
        throw CommandError("--split takes three shares, such as 0.8,0.1,0.1, but \"\(split)\" was given")
      }
      options.shares = try PackingOptions.Shares(train: train, validation: validation, test: test)
    }
    return options
  }
}

extension HeldOutUnit: ExpressibleByArgument {}
extension ImageFit: ExpressibleByArgument {}
extension PackingOptions.Balance: ExpressibleByArgument {}
