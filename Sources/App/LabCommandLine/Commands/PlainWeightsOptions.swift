import ArgumentParser
import Foundation
import LabCore
import LabData
import LabWorkbench

/// What a file of weights does not say that comes from elsewhere: the model, its classes, and how images become its input.
struct PlainWeightsOptions: ParsableArguments {
  /// How options say which numbers images are normalized by.
  private static let numbers = "imagenet, none, or a number for each channel, such as 0.5,0.5,0.5"

  @Option(
    name: .customLong("model"),
    help: ArgumentHelp(
      "The architecture of weights from elsewhere, such as resnet50; --classes, --mean and --std go with it.",
      valueName: "architecture"))
  var architecture: String?

  @Option(help: ArgumentHelp("Any other key of that model, as in a spec.", valueName: "key=value"))
  var modelSet: [String] = []

  @Option(
    help: ArgumentHelp(
      "A text file with the name of each class in a line, in the order of the logits.", valueName: "file"),
    completion: .file())
  var classes: String?

  @Option(help: ArgumentHelp("What is subtracted from values from 0 to 1: \(numbers).", valueName: "numbers"))
  var mean: String?

  @Option(help: ArgumentHelp("What they are divided by: \(numbers).", valueName: "numbers"))
  var std: String?

  @Option(
    help: ArgumentHelp(
      "The extents of that model's images (default: what the architecture was made for).",
      valueName: "channels×height×width"))
  var input: String?

  @Option(help: "How images of other proportions become them: squash, letterbox or crop (default: crop).")
  var fit: ImageFit?

  /// The options beside the architecture, and whether they were given.
  private var details: [(name: String, isGiven: Bool)] {
    [
      ("--model-set", !modelSet.isEmpty), ("--classes", classes != nil), ("--mean", mean != nil), ("--std", std != nil),
      ("--input", input != nil), ("--fit", fit != nil),
    ]
  }

  /// Whether any of the options was given.
  var saysSomething: Bool { architecture != nil || details.contains(where: \.isGiven) }

  /// What was said; nil where nothing was.
  ///
  /// - Throws: `CommandError` where something is missing, or was said without a model.
  func description() throws -> ModelDescription? {
    guard let architecture else {
      guard let given = details.first(where: \.isGiven)?.name else { return nil }
      throw CommandError("\(given) says something of weights from elsewhere, whose architecture --model has to name")
    }
    guard let classes else {
      throw CommandError("--model takes --classes: a text file with the name of each class in a line")
    }
    guard let mean, let std else {
      throw CommandError(
        "--model takes --mean and --std, by which the images of its training were normalized, or \"none\"")
    }
    return try ModelDescription(
      architecture: architecture, settings: modelSet, classNames: Self.names(in: classes), image: try shape(),
      fit: fit ?? .crop, statistics: Self.statistics(mean: mean, deviation: std))
  }

  private static func names(in path: String) throws -> [String] {
    guard let data = FileManager.default.contents(atPath: path) else {
      throw FileError(action: "read", path: path, code: FileManager.default.fileExists(atPath: path) ? EACCES : ENOENT)
    }
    guard let text = String(data: data, encoding: .utf8) else {
      throw CommandError("\(path) has names of classes that are not in UTF-8", status: .badData)
    }
    let lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).map {
      $0.trimmingCharacters(in: .whitespaces)
    }
    let names = Array(lines.prefix((lines.lastIndex { !$0.isEmpty } ?? -1) + 1))
    guard !names.isEmpty, !names.contains("") else {
      throw CommandError(
        "\(path) has \(names.isEmpty ? "no names" : "an empty line"); expected the name of a class in each line",
        status: .badData)
    }
    return names
  }

  private func shape() throws -> ImageShape? {
    guard let input else { return nil }
    let extents = input.split(whereSeparator: { "x×,".contains($0) }).map { Int($0) ?? 0 }
    guard extents.count == 3, extents.allSatisfy({ (1...65_536).contains($0) }) else {
      throw CommandError("--input takes channels, height and width, such as 3x224x224, but \"\(input)\" was given")
    }
    return ImageShape(channels: extents[0], height: extents[1], width: extents[2])
  }

  private static func statistics(mean: String, deviation: String) throws -> ChannelStatistics? {
    guard (mean == "none") == (deviation == "none") else {
      throw CommandError("--mean and --std are \"none\" together, but \"\(mean)\" and \"\(deviation)\" were given")
    }
    guard mean != "none" else { return nil }
    func numbers(_ text: String, _ option: String, _ imagenet: [Double], _ isValid: (Double) -> Bool) throws -> [Double]
    {
      guard text != "imagenet" else { return imagenet }
      let values = text.split(separator: ",").map { Double($0.trimmingCharacters(in: .whitespaces)) ?? .nan }
      guard !values.isEmpty, values.allSatisfy(isValid) else {
        throw CommandError("\(option) takes \(Self.numbers), but \"\(text)\" was given")
      }
      return values
    }
    return ChannelStatistics(
      mean: try numbers(mean, "--mean", ChannelStatistics.imagenet.mean) { $0.isFinite },
      standardDeviation: try numbers(deviation, "--std", ChannelStatistics.imagenet.standardDeviation) {
        $0.isFinite && $0 > 0
      })
  }
}
