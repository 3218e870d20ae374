import ArgumentParser
import BackendOneDNN
import Foundation
import LabCore
import LabGraph
import LabNN
import LabReport
import LabZoo

/// The command `labrun bench`.
struct BenchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench", abstract: "Measure a training step: forward, backward, update.",
    usage: "labrun bench [--conv <name> ...] [options]",
    discussion: """
      A CIFAR ResNet on random images; the breakdown comes from steps of their own, so that its clocks cost the \
      measured steps nothing.

      EXAMPLES
        labrun bench
        labrun bench --conv static --conv odconv-4x --steps 50 --json
      """)

  @Option(help: ArgumentHelp("A convolution variant.", valueName: "name"))
  var conv: [String] = ["static", "odconv-1x", "odconv-4x"]

  @Option(help: "The number of layers (6n + 2).") var depth = 20
  @Option(help: "The channels of the first stage.") var width = 16
  @Option(help: "Images a step.") var batch = 64
  @Option(help: "The side of an image in pixels.") var size = 32
  @Option(help: "Threads of the step.") var threads = 1
  @Option(help: "The algorithms that convolutions may use: auto or direct.")
  var algorithms = ConvolutionAlgorithms.automatic
  @Option(help: "Measured steps.") var steps = 30
  @Option(help: "Steps before the measured ones.") var warmup = 5
  @Flag(help: "Break the step down by layer as well.") var byLayer = false
  @Flag(help: "Print JSON.") var json = false

  func validate() throws {
    guard steps > 0, warmup >= 0, batch > 1, threads > 0, size > 0 else {
      throw ValidationError("--steps, --threads and --size must be positive, and --batch at least 2.")
    }
  }

  func run() throws {
    let results = try conv.map { try StepBenchmark(convolution: $0, options: self).measure() }
    let output = Terminal.standardOutput
    if json {
      let document: JSONValue = [
        "results": .array(results.map(\.json)), "processor": .string(Machine.processorName),
        "oneDNN": .string(OneDNNBackend.libraryVersion), "instructionSet": .string(OneDNNBackend.instructionSet),
      ]
      return output.note(document.prettyText())
    }
    output.note(
      "ResNet-\(depth), width \(width), \(size)×\(size), batch \(batch), \(threads) "
        + "\(threads == 1 ? "thread" : "threads"), \(OneDNNBackend.instructionSet), oneDNN \(OneDNNBackend.libraryVersion)"
    )
    for result in results { output.write(result.text) }
  }
}

extension ConvolutionAlgorithms: ExpressibleByArgument {}
