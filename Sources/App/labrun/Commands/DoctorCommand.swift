import ArgumentParser
import BackendOneDNN
import Foundation
import LabCore
import LabData
import LabReport
import LabStore

/// The command `labrun doctor`.
struct DoctorCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "doctor",
    abstract: "Check libraries, processor, data and folders, and say what to do where something is missing.",
    discussion: """
      EXAMPLES
        labrun doctor
        labrun doctor --json
        labrun doctor --check                # every byte of the results, and what to do about what does not fit
        labrun doctor --check --results DIR
      """)

  @Flag(help: "Look at every byte of the results: database, files, and whether they belong together.")
  var check = false

  @Flag(help: "Print JSON.") var json = false

  @OptionGroup var resultsOptions: ResultsOptions

  func run() throws {
    if check { return try StoreCheckReport(results: resultsOptions.folder).show(json: json) }
    let findings = Findings(results: resultsOptions.folder).all
    let output = Terminal.standardOutput
    if json {
      output.write(JSONValue.array(findings.map(\.json)))
    } else {
      let width = findings.map(\.subject.count).max() ?? 0
      for finding in findings {
        let mark = output.style.apply(finding.isGood ? .better : .warning, to: finding.isGood ? "ok  " : "note")
        let subject = finding.subject.padding(toLength: width, withPad: " ", startingAt: 0)
        output.write(styled: "\(mark)  \(subject)  \(finding.text.printable)\n")
      }
    }
  }
}

/// What the doctor finds.
private struct Findings {
  struct Finding {
    var subject: String
    var text: String
    var isGood = true

    var json: JSONValue { ["subject": .string(subject), "text": .string(text), "ok": .boolean(isGood)] }
  }

  let results: String

  var all: [Finding] {
    var findings = [
      Finding(subject: "labrun", text: Labrun.version),
      Finding(
        subject: "processor",
        text: "\(Machine.processorName), \(Machine.coreCount) cores, \(NumberText.bytes(Machine.memoryBytes)) of memory"
      ),
      Finding(
        subject: "vectors",
        text: "\(OneDNNBackend.instructionSet), bf16 products: \(HalfProducts.available.rawValue); one core reaches "
          + NumberText.significant(OneDNNBackend.measurePeakGigaflops(milliseconds: 200), digits: 3) + " GFLOP/s"),
    ]
    findings += LibraryVersions.all.sorted { $0.key < $1.key }.map { Finding(subject: $0.key, text: $0.value) }
    findings += [data, cache, calibration, store]
    return findings
  }

  private var data: Finding {
    do {
      let set = try PreparedDataset(DatasetConfiguration(name: "fashion-mnist"))
      return Finding(
        subject: "fashion-mnist",
        text: "\(set.train.count) training and \(set.test.count) test images, data hash \(set.contentHash.short)")
    } catch {
      return Finding(
        subject: "fashion-mnist", text: "\(error); until then specs run on the built-in synthetic-signs", isGood: false)
    }
  }

  private var cache: Finding { folder("cache", DataEnvironment.current.cacheFolder, "LABRUN_CACHE") }

  private var calibration: Finding {
    let calibration = MachineCalibration.open()
    let count = calibration.methodCount
    if let problem = calibration.activity.problem {
      return Finding(subject: "calibration", text: "\(problem); \"calibrated\" runs measure again", isGood: false)
    }
    let text =
      count == 0
      ? "nothing measured; only \"algorithms\": \"calibrated\" asks for it"
      : "\(count) passes of convolutions measured, \(MachineCalibration.path)"
    return Finding(subject: "calibration", text: text)
  }

  private func folder(_ subject: String, _ path: String, _ variable: String) -> Finding {
    var probe = path
    while !FileManager.default.fileExists(atPath: probe), probe.count > 1 {
      probe = (probe as NSString).deletingLastPathComponent
      if probe.isEmpty { probe = "." }
    }
    guard FileManager.default.isWritableFile(atPath: probe) else {
      return Finding(
        subject: subject, text: "\(path) cannot be written; set \(variable) to a folder that can", isGood: false)
    }
    let free = (try? FileManager.default.attributesOfFileSystem(forPath: probe))?[.systemFreeSize] as? Int
    return Finding(subject: subject, text: path + (free.map { ", \(NumberText.bytes($0)) free" } ?? ""))
  }

  private var store: Finding {
    do {
      let store = try StudyStore(reading: results)
      let count = try store.sweeps().count
      return Finding(subject: "results", text: "\(results), \(count) \(count == 1 ? "sweep" : "sweeps")")
    } catch StoreError.noResults {
      var finding = folder("results", results, "LABRUN_RESULTS")
      if finding.isGood { finding.text += "; no sweep yet" }
      return finding
    } catch {
      return Finding(subject: "results", text: "\(error)", isGood: false)
    }
  }
}
