import Foundation
import LabCore
import LabData
import LabReport
import LabStore

/// What can be said of this installation: libraries, processor, data and folders.
package struct Checkup {
  package struct Finding {
    package var subject: String
    package var text: String
    package var isGood = true

    package var json: JSONValue { ["subject": .string(subject), "text": .string(text), "ok": .boolean(isGood)] }
  }

  package let results: String
  private let backends = OpenBackends()

  /// - Parameter results: the results folder.
  package init(results: String) { self.results = results }

  package var all: [Finding] {
    var findings = [
      Finding(subject: "labrun", text: ProgramVersion.current),
      Finding(
        subject: "processor",
        text: "\(Machine.processorName), \(Machine.coreCount) cores, \(NumberText.bytes(Machine.memoryBytes)) of memory"
      ),
      Finding(subject: "vectors", text: vectors),
    ]
    findings += LibraryVersions.all(of: backends.all).sorted { $0.key < $1.key }.map {
      Finding(subject: $0.key, text: $0.value)
    }
    findings += [data, cache]
    findings += backends.all.flatMap { $0.examine() }.map {
      Finding(subject: $0.subject, text: $0.text, isGood: $0.isGood)
    }
    findings.append(store)
    return findings
  }

  /// What the backend of specs that name none computes with.
  private var vectors: String {
    let peak = backends.standard.measurePeakGigaflops(milliseconds: 200)
    return backends.standard.description.text
      + (peak.map { "; one core reaches \(NumberText.significant($0, digits: 3)) GFLOP/s" } ?? "")
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
