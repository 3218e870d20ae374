import Foundation
import LabCore
import LabRecords

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// What a program reported when nobody listened any more, since its supervisor was killed.
///
/// A program that goes on from a checkpoint of its own does not report again the epochs before it.
enum UnheardReports {
  /// Tells a capsule, whose program has ended, the epochs that its events do not have.
  ///
  /// - Throws: `FileError` where the events cannot be written.
  static func tell(_ folder: CapsuleFolder) throws {
    guard let asked = try? folder.run(), let program = asked.program, access(program.checkpoint, F_OK) == 0 else {
      return
    }
    var heard: [Int: Metrics] = [:]
    var lastDate: Date?
    var reader = CapsuleReader(folder)
    do {
      while let event = try reader.next() {
        lastDate = event.date
        switch event.content {
        case .epoch(let record): heard[record.epoch] = record.metrics
        // Whoever has told the end has heard everything before it.
        case .final: return
        default: break
        }
      }
    } catch is CapsuleError {
      // Whoever takes the events over says what is wrong about them.
      return
    }
    var found: [Int: [String: Double]] = [:]
    for path in [folder.reportsPath, folder.outputPath] {
      var file = GrowingFile(path)
      // A last line without its end may not be whole.
      for (_, line) in file.lines() {
        let report = try? ProgramReport(line: line, firstEpoch: program.firstEpoch ?? 1)
        if case .epoch(let epoch, let metrics)? = report { found[epoch, default: [:]].merge(metrics) { $1 } }
      }
    }
    let new = found.filter { heard[$0.key] == nil }.sorted { $0.key < $1.key }
    guard !new.isEmpty else { return }
    // They came between the last event and the last line.
    let end = [folder.reportsPath, folder.outputPath].compactMap(modificationDate).max()
    let seconds = lastDate.flatMap { last in end.map { max(0, $0.timeIntervalSince(last)) } } ?? 0
    let writer = try CapsuleWriter(folder)
    for (epoch, values) in new {
      var metrics = Metrics()
      for (name, value) in values { metrics[MetricName(name)] = value }
      let timing = EpochRecord.Timing(
        trainSeconds: seconds / Double(new.count), imagesPerSecond: 0, meanStepMilliseconds: 0)
      try writer.append(.epoch(EpochRecord(epoch: epoch, metrics: metrics, timing: timing)))
    }
    let epochs = new.count == 1 ? "an epoch" : "\(new.count) epochs"
    try writer.append(.log(.note, "\(epochs) that its program reported while nobody listened"))
  }

  private static func modificationDate(_ path: String) -> Date? {
    (try? FileManager.default.attributesOfItem(atPath: path))?[.modificationDate] as? Date
  }
}
