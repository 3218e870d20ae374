import ArgumentParser
import Foundation
import LabCore
import LabGraph
import LabNN
import LabReport
import LabStudy
import LabWorkbench
import LabZoo

/// The command `labrun describe`.
struct DescribeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "describe",
    abstract: "Print a model as a table of layers: shapes, parameters, multiply-adds, activations.",
    usage: "labrun describe <subject> [options]\n       labrun describe --parts <component>...\n"
      + "       labrun describe --all",
    discussion: """
      EXAMPLES
        labrun describe resnet --depth 20 --conv odconv-4x --input 3x32x32
        labrun describe resnet50 --conv odconv-4x --classes 1000
        labrun describe plain --set dropout=0.5 --input 1x28x28
        labrun describe Experiments/ablation.json --variant baseline
        labrun describe --parts odconv      # what can be switched or varied of it
        labrun describe --all
      """)

  @Argument(help: "An architecture (\(ArchitectureFamily.registry.names.joined(separator: ", "))) or a spec.")
  var subject: String?

  @Flag(help: "List every network of the zoo with its counts.") var all = false

  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp(
      "List what can be switched or varied of convolutions, blocks, architectures, losses and the like.",
      valueName: "component"))
  var parts: [String] = []

  @Option(help: "The convolutions, such as static, odconv-4x.") var conv: String?
  @Option(help: "How resolution is halved, such as strided, spd.") var downsample: String?
  @Option(help: "The attention block, such as se, cbam.") var attention: String?
  @Option(help: "The number of layers, as the architecture counts them.") var depth: Int?
  @Option(help: "The channels of the first stage.") var width: Int?
  @Option(
    help: ArgumentHelp(
      "An image's extents (default: what the architecture was made for).", valueName: "channels×height×width"))
  var input: String?
  @Option(help: "The number of classes (default: what the architecture was made for).") var classes: Int?

  @Option(help: ArgumentHelp("Any other key of the model, as in a spec.", valueName: "key=value"))
  var set: [String] = []

  @Option(help: "The variant of a spec (default: its baseline, else its first).") var variant: String?

  @Option(help: ArgumentHelp("Merge layers below this depth of their paths.", valueName: "components"))
  var level: Int?

  @OptionGroup var formatOptions: TableFormatOptions

  func validate() throws {
    if let level, level < 1 { throw ValidationError("--level must be at least 1, but is \(level).") }
  }

  func run() throws {
    let format = try formatOptions.chosen()
    let output = Terminal.standardOutput
    guard !all else {
      guard subject == nil else { throw CommandError("--all lists every network, so it takes no architecture") }
      return output.write(try ZooTable().table, as: format)
    }
    guard parts.isEmpty else {
      guard subject == nil else {
        throw CommandError("--parts is followed by what it describes, and takes no architecture \"\(subject ?? "")\"")
      }
      let table = PartTable(try parts.map { .init(try StudySchema.labrun.component($0)) })
      return output.write(table.table, as: format, showsLegend: false)
    }
    guard let subject else { throw CommandError("describe takes an architecture or a spec, --parts or --all") }
    let isArchitecture = ArchitectureFamily.kind.accepts(.string(subject))
    let (name, model, image, classCount) = try isArchitecture ? fromOptions(subject) : fromSpec(subject)
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
    var report = table.table
    report.notes = try PublishedCounts.matching(model, image: image, classCount: classCount).map(Self.note)
    output.write(report, as: format, showsLegend: false)
  }

  /// What a source prints about the network, and what the same way of counting gives here.
  private static func note(_ published: PublishedCounts) throws -> String {
    let ours = try published.ours()
    func list(_ parameters: String?, _ multiplyAdds: String?) -> String {
      [parameters.map { "\($0) parameters" }, multiplyAdds.map { "\($0) multiply-adds" }].compactMap(\.self)
        .joined(separator: " and ")
    }
    let note = "\(published.source) prints \(list(published.parameters, published.multiplyAdds))"
    guard published.multiplyAddsConfiguration != nil else {
      return "\(note); counted here: \(list(ours.parameters, ours.multiplyAdds))."
    }
    return "\(note); counted here as there, with the stride of a bottleneck in its first 1×1 convolution and with stem "
      + "and shortcuts dynamic among the multiply-adds: \(list(ours.parameters, ours.multiplyAdds))."
  }

  private typealias Described = (name: String, model: ModelConfiguration, image: Shape, classCount: Int)

  private func fromOptions(_ subject: String) throws -> Described {
    var configuration: JSONValue = ["architecture": .string(subject)]
    configuration["conv"] = conv.map(JSONValue.string)
    configuration["downsample"] = downsample.map(JSONValue.string)
    configuration["attention"] = attention.map(JSONValue.string)
    configuration["depth"] = depth.map(JSONValue.integer)
    configuration["width"] = width.map(JSONValue.integer)
    try configuration.apply(settings: set)
    let model = try configuration.decode(ModelConfiguration.self)
    let members = type(of: model.architecture.component).members
    let native = members.first { $0.name == subject } ?? members.first
    let classCount = classes ?? native?.classCount ?? 10
    let extents =
      input.map { $0.split(whereSeparator: { "x×,".contains($0) }).compactMap { Int($0) } }
      ?? native?.image.dimensions ?? [3, 32, 32]
    guard extents.count == 3, extents.allSatisfy({ $0 > 0 }), classCount > 0 else {
      throw CommandError(
        "--input takes channels, height and width, such as 3x32x32, but \"\(input ?? "")\" was given")
    }
    return (subject, model, Shape(extents), classCount)
  }

  /// The path of a spec.
  ///
  /// - Throws: ``CommandError`` with the nearest names where there is neither a spec nor an architecture of the name.
  private func located(_ subject: String) throws -> String {
    do {
      return try SpecLocator().locate(subject)
    } catch SpecError.notFound(_, let folder, let specs, let suggestion) {
      let architectures = ArchitectureFamily.registry.names
      let known = ArchitectureFamily.registry.entries.flatMap { type(of: $0).registeredNames }
      let nearest = [NearestName.suggestion(for: subject, among: known), suggestion].compactMap(\.self)
      let hint = nearest.isEmpty ? "" : " (did you mean \(nearest.map { "\"\($0)\"" }.joined(separator: " or "))?)"
      throw CommandError(
        "there is no architecture and no spec \"\(subject)\"\(hint); the architectures are "
          + "\(architectures.joined(separator: ", ")); "
          + (specs.isEmpty ? "the folder \(folder) has no specs" : "the specs are \(specs.joined(separator: ", "))"),
        status: .noInput)
    }
  }

  private func fromSpec(_ subject: String) throws -> Described {
    let path = try located(subject)
    let workbench = Workbench(specFolder: (path as NSString).deletingLastPathComponent, say: Terminal.sayBeside)
    let study = try SpecValidator(workbench).check(SpecSource(contentsOf: path))
    if let note = study.note { Terminal.standardError.note("note: \(note)") }
    let plan = try study.check.validPlan()
    guard
      let chosen = variant.map({ label in study.variants.first { $0.variant.label == label } })
        ?? (study.variants.first(where: \.variant.isBaseline) ?? study.variants.first)
    else {
      let labels = plan.variants.map(\.label)
      throw CommandError(
        "there is no variant \"\(variant ?? "")\"\(NearestName.hint(for: variant ?? "", among: labels)); "
          + "there are \(labels.joined(separator: ", "))")
    }
    let (data, shape) = (chosen.data, chosen.data.imageShape)
    return (
      "\(plan.name): \(chosen.variant.label)", chosen.configuration.model, [shape.channels, shape.height, shape.width],
      data.classCount
    )
  }
}

extension PartTable.Component {
  /// The parts of a component that a spec can name.
  fileprivate init(_ component: ComponentParts) {
    self.init(
      name: component.name, summary: component.variant.summary, key: component.key.description,
      parts: component.parts.map {
        .init(
          key: $0.path.description, summary: $0.summary, defaultValue: $0.defaultValue, off: $0.off, levels: $0.levels)
      })
  }
}
