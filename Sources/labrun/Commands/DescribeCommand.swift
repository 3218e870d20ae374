import ArgumentParser
import Foundation
import LabCore
import LabGraph
import LabNN
import LabReport
import LabStudy
import LabZoo

/// The command `labrun describe`.
struct DescribeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "describe",
    abstract: "Print a model as a table of layers: shapes, parameters, multiply-adds, activations.",
    usage: "labrun describe <subject> [options]",
    discussion: """
      EXAMPLES
        labrun describe resnet --depth 20 --conv odconv-4x --input 3x32x32
        labrun describe plain --set dropout=0.5 --input 1x28x28
        labrun describe Experiments/ablation.json --variant baseline
      """)

  @Argument(help: "An architecture (\(ArchitectureFamily.registry.names.joined(separator: ", "))) or a spec.")
  var subject: String

  @Option(help: "The convolutions, such as static, odconv-4x.") var conv: String?
  @Option(help: "How resolution is halved, such as strided, spd.") var downsample: String?
  @Option(help: "The number of layers, as the architecture counts them.") var depth: Int?
  @Option(help: "The channels of the first stage.") var width: Int?
  @Option(help: ArgumentHelp("An image's extents.", valueName: "channels×height×width")) var input = "3x32x32"
  @Option(help: "The number of classes.") var classes = 10

  @Option(help: ArgumentHelp("Any other key of the model, as in a spec.", valueName: "key=value"))
  var set: [String] = []

  @Option(help: "The variant of a spec (default: its baseline, else its first).") var variant: String?

  @Option(help: ArgumentHelp("Merge layers below this depth of their paths.", valueName: "components"))
  var level: Int?

  @Option(help: ArgumentHelp("\(TableFormats.all.map(\.name).joined(separator: ", ")).", valueName: "format"))
  var format = "text"

  @Flag(help: "The same as --format json.") var json = false

  func validate() throws {
    if let level, level < 1 { throw ValidationError("--level must be at least 1, but is \(level).") }
  }

  func run() throws {
    let format = try TableFormats.named(json ? "json" : format)
    let isArchitecture = (try? ArchitectureFamily.registry.component(.string(subject))) != nil
    let (name, model, image, classCount) = try isArchitecture ? fromOptions() : fromSpec()
    let batch = ClassificationBatch(size: 1, image: image, classCount: classCount)
    let graph = try EvaluationGraph(model: model.model(classCount: classCount), batch: batch)
    let cost = GraphCost(graph.graph)
    let rows = level.map { cost.rows(depth: $0) } ?? cost.layers
    let table = LayerTable(
      modelName: name, inputShape: image,
      layers: rows.map {
        .init(
          path: $0.path, operation: $0.operation, outputShape: $0.outputShape, parameterCount: $0.parameters,
          multiplyAdds: $0.multiplyAdds, activationBytes: $0.activationBytes)
      })
    let output = Terminal.standardOutput
    output.write(
      table.table.rendered(as: format, options: .init(width: output.width, style: output.style, showsLegend: false)))
  }

  private typealias Described = (name: String, model: ModelConfiguration, image: Shape, classCount: Int)

  private func fromOptions() throws -> Described {
    var configuration: JSONValue = ["architecture": .string(subject)]
    configuration["conv"] = conv.map(JSONValue.string)
    configuration["downsample"] = downsample.map(JSONValue.string)
    configuration["depth"] = depth.map(JSONValue.integer)
    configuration["width"] = width.map(JSONValue.integer)
    try configuration.apply(settings: set)
    let extents = input.split(whereSeparator: { "x×,".contains($0) }).compactMap { Int($0) }
    guard extents.count == 3, extents.allSatisfy({ $0 > 0 }), classes > 0 else {
      throw CommandError("--input takes channels, height and width, such as 3x32x32, but \"\(input)\" was given")
    }
    return (subject, try configuration.decode(), Shape(extents), classes)
  }

  private func fromSpec() throws -> Described {
    let laboratory = Laboratory()
    let (checked, note) = laboratory.checkOrSubstitute(try SpecSource(contentsOf: SpecLocator().locate(subject)))
    if let note { Terminal.standardError.note("note: \(note)") }
    let plan = try checked.validPlan()
    guard
      let chosen = variant.map({ label in plan.variants.first { $0.label == label } })
        ?? (plan.baseline ?? plan.variants.first)
    else {
      let labels = plan.variants.map(\.label)
      throw CommandError(
        "there is no variant \"\(variant ?? "")\"\(NearestName.hint(for: variant ?? "", among: labels)); "
          + "there are \(labels.joined(separator: ", "))")
    }
    let configuration = try RunConfiguration(chosen.configuration)
    let data = try laboratory.dataset(configuration)
    let shape = data.imageShape
    return (
      "\(plan.name): \(chosen.label)", configuration.model, [shape.channels, shape.height, shape.width], data.classCount
    )
  }
}
