import ArgumentParser
import Foundation
import LabCore
import LabGraph
import LabNN
import LabReport
import LabWorkbench

/// The command `labrun bench`.
struct BenchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench", abstract: "Measure a training step (forward, backward, update) or a prediction.",
    usage: "labrun bench [<architecture> ...] [--conv <name> ...] [options]",
    discussion: """
      On random images. The breakdown comes from steps of their own, so that its clocks cost the measured steps \
      nothing. "Peak" is what the direct method's multiply-adds would need at the core's measured peak. The roofline \
      compares each kind of work with that peak and with the memory's bandwidth, by the bytes that the plan does \
      not leave in a cache; it is of one thread.

      EXAMPLES
        labrun bench
        labrun bench --conv static --conv odconv-4x --steps 50 --json
        labrun bench resnet18 mobilenet_v2 --conv static --size 64 --by-layer
        labrun bench --set attention=cbam --set downsample=spd --conv static
        labrun bench resnet18 --conv static --inference --threads 2
        labrun bench mobilenet_v2 --conv static --set stem=cifar --roofline
      """)

  @Argument(help: "Architectures; resnet with 20 layers if none is given.")
  var architectures: [String] = []

  @Option(help: ArgumentHelp("A convolution variant.", valueName: "name"))
  var conv: [String] = ["static", "odconv-1x", "odconv-4x"]

  @Option(help: "The number of layers, as the architecture counts them.") var depth: Int?
  @Option(help: "The channels of the first stage.") var width: Int?

  @Option(help: ArgumentHelp("Any other key of the model, as in a spec.", valueName: "key=value"))
  var set: [String] = []

  @Option(help: "Images a step.") var batch = 64
  @Option(help: "The side of an image in pixels.") var size = 32
  @Option(help: "Threads of the step.") var threads = 1
  @Option(help: "The algorithms that convolutions may use: auto, calibrated or direct.")
  var algorithms = ConvolutionAlgorithms.automatic

  @Option(help: "What computes: \(Backends.registry.names.joined(separator: ", ")).")
  var backend = Backends.registry.names[0]

  @Option(help: "In what steps keep activations and weights: f32 or bf16.")
  var precision = Precision.float32
  @Option(help: "What the backward pass computes again: normalizations or expansions, too.")
  var recompute = Recomputation.normalizations
  @Option(help: "Measured steps.") var steps = 30
  @Option(help: "Steps before the measured ones.") var warmup = 5
  @Flag(help: "Measure a prediction: a forward pass with running statistics.") var inference = false
  @Flag(help: "Break the step down by layer as well.") var byLayer = false
  @Flag(help: "Measure what limits the step: multiply-adds or the memory.") var roofline = false
  @Flag(help: "Print JSON.") var json = false

  func validate() throws {
    guard steps > 0, warmup >= 0, batch > (inference ? 0 : 1), threads > 0, size > 0 else {
      throw ValidationError(
        "--steps, --threads and --size must be positive, and --batch at least 2 (1 with --inference).")
    }
    guard !roofline || threads == 1 else {
      throw ValidationError("--roofline is of one thread: leave --threads out.")
    }
    guard !inference || recompute == .normalizations else {
      throw ValidationError("--inference keeps nothing for a backward pass, so it takes no --recompute.")
    }
    guard !inference || precision == .float32 else {
      throw ValidationError(
        "--inference computes in single precision, so it takes no --precision \(precision.rawValue).")
    }
  }

  func run() throws {
    let networks = architectures.isEmpty ? ["resnet"] : architectures
    let models = try networks.flatMap { network in
      try conv.map { (name: "\(network) \($0)", configuration: try configuration(network, convolution: $0)) }
    }
    let backend = try OpenBackends().named(backend)
    let benchmarks = try models.map {
      try StepBenchmark(name: $0.name, configuration: $0.configuration, options: options, backend: backend)
    }
    let results = try benchmarks.map { try $0.measure() }
    let output = Terminal.standardOutput
    let description = backend.description
    if json {
      var document: JSONValue = [
        "format_version": 1, "backend": .string(backend.name),
        "results": .array(results.map(\.json)), "processor": .string(Machine.processorName),
      ]
      for (library, version) in description.libraries { document[library.lowercased()] = .string(version) }
      for fact in description.facts { document[fact.name] = .string(fact.value) }
      return output.write(document)
    }
    let libraries = description.libraries.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
    // What tells nothing of itself has its name at least.
    let facts =
      description.facts.isEmpty && libraries.isEmpty
      ? [backend.name] : description.facts.prefix(1).map(\.value) + libraries
    let recomputed = recompute == .normalizations ? [] : ["\(recompute.rawValue) recomputed"]
    output.note(
      "\(inference ? "inference, " : "")\(size)×\(size), batch \(batch), \(threads) "
        + ([threads == 1 ? "thread" : "threads", precision.rawValue] + recomputed + facts).joined(separator: ", "))
    for remark in [backend.remark(on: precision), backend.remark] {
      if let remark { output.note("note: \(remark)") }
    }
    for result in results { output.write(result.text(byLayer: byLayer)) }
    if roofline, results.contains(where: { $0.roofline == nil }) {
      output.note("note: the backend \(backend.name) does not tell what limits it, so there is no roofline")
    }
  }

  private var options: StepBenchmark.Options {
    var options = StepBenchmark.Options()
    options.batch = batch
    options.size = size
    options.threads = threads
    options.algorithms = algorithms
    options.precision = precision
    options.recomputation = recompute
    options.steps = steps
    options.warmup = warmup
    options.isInference = inference
    options.measuresRoofline = roofline
    return options
  }

  /// A model's configuration as a spec would have it.
  private func configuration(_ architecture: String, convolution: String) throws -> JSONValue {
    var configuration: JSONValue = ["architecture": .string(architecture), "conv": .string(convolution)]
    if let depth = depth ?? (architecture == "resnet" ? 20 : nil) { configuration["depth"] = .integer(depth) }
    configuration["width"] = width.map(JSONValue.integer)
    try configuration.apply(settings: set)
    return configuration
  }
}

extension ConvolutionAlgorithms: ExpressibleByArgument {}
extension Precision: ExpressibleByArgument {}
extension Recomputation: ExpressibleByArgument {}
