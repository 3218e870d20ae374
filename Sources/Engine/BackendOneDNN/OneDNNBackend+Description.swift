import CLabKernels
import Foundation
import LabGraph

extension OneDNNBackend {
  /// The entry of registries, with the calibration of this processor with these libraries.
  public static let definition = BackendDefinition(
    "onednn", "oneDNN's convolutions and vector kernels of its own on the processor."
  ) { OneDNNBackend(calibration: Calibration(path: calibrationPath(in: $0))) }

  public var description: BackendDescription {
    BackendDescription(
      libraries: ["oneDNN": OneDNNBackend.libraryVersion],
      facts: [
        .init("instruction_set", OneDNNBackend.instructionSet),
        .init(
          "bf16_products", BFloat16Products.available.rawValue,
          text: "bf16 products: \(BFloat16Products.available.rawValue)"),
      ])
  }

  public func measurePeakGigaflops(milliseconds: Int) -> Double? {
    OneDNNBackend.measurePeakGigaflops(milliseconds: milliseconds)
  }

  public func measureBandwidth(milliseconds: Int) -> Double? { labMeasureBandwidth(Int32(milliseconds)) }

  public func remark(on precision: Precision) -> String? {
    guard precision == .bfloat16, BFloat16Products.available == .none else { return nil }
    return "this processor multiplies no bf16 numbers: activations and weights are rounded to bf16 and kept so, which "
      + "halves what activations take, and multiplied in single precision"
  }

  /// What was measured in this process, or why it is not kept.
  public var remark: String? {
    let activity = calibration.activity
    var parts: [String] = []
    if activity.measuredCount > 0 {
      let seconds = String(format: "%.1f", activity.seconds)
      parts.append("measured \(activity.measuredCount) convolutions for \"calibrated\" in \(seconds) s")
    }
    if let problem = activity.problem {
      parts.append("the calibration is not kept, so that later runs may choose other methods: \(problem)")
    } else if let path = calibration.path, activity.measuredCount > 0 {
      parts.append("kept in \(path)")
    }
    return parts.isEmpty ? nil : parts.joined(separator: "; ")
  }

  public func examine() -> [BackendFinding] {
    let count = calibration.methodCount
    if let problem = calibration.activity.problem {
      return [
        BackendFinding(subject: "calibration", text: "\(problem); \"calibrated\" runs measure again", isGood: false)
      ]
    }
    let text =
      count == 0
      ? "nothing measured; only \"algorithms\": \"calibrated\" asks for it"
      : "\(count) passes of convolutions measured" + (calibration.path.map { ", \($0)" } ?? "")
    return [BackendFinding(subject: "calibration", text: text)]
  }

  /// The file of calibrations: one for each processor, instruction set and version of what is measured.
  private static func calibrationPath(in environment: BackendEnvironment) -> String {
    let parts = [
      environment.processorName, instructionSet, "oneDNN \(libraryVersion)", "labrun \(environment.programVersion)",
    ]
    let name = parts.joined(separator: " ").split(whereSeparator: { !($0.isLetter || $0.isNumber || $0 == ".") })
    return environment.cacheFolder + "/calibration/" + name.joined(separator: "-") + ".json"
  }
}
