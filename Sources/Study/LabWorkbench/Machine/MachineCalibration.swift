import BackendOneDNN
import LabData
import LabReport

/// Where this machine's calibration is kept and what is told of it.
package enum MachineCalibration {
  /// Opens the calibration of this processor with these libraries.
  package static func open() -> Calibration { Calibration(path: path) }

  /// The file: one for each processor, instruction set and version of what is measured.
  package static var path: String {
    let parts = [
      Machine.processorName, OneDNNBackend.instructionSet, "oneDNN \(OneDNNBackend.libraryVersion)",
      "labrun \(ProgramVersion.current)",
    ]
    let name = parts.joined(separator: " ").split(whereSeparator: { !($0.isLetter || $0.isNumber || $0 == ".") })
    return DataEnvironment.current.cacheFolder + "/calibration/" + name.joined(separator: "-") + ".json"
  }
}

extension Calibration {
  /// What was measured in this process, or why it is not kept; nil where there is nothing to say.
  package var remark: String? {
    let activity = activity
    var parts: [String] = []
    if activity.measuredCount > 0 {
      let seconds = NumberText.fixed(activity.seconds, decimals: 1)
      parts.append("measured \(activity.measuredCount) convolutions for \"calibrated\" in \(seconds) s")
    }
    if let problem = activity.problem {
      parts.append("the calibration is not kept, so that later runs may choose other methods: \(problem)")
    } else if let path, activity.measuredCount > 0 {
      parts.append("kept in \(path)")
    }
    return parts.isEmpty ? nil : parts.joined(separator: "; ")
  }
}
