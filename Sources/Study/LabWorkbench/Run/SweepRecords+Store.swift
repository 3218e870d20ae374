import LabCore
import LabRecords
import LabReport
import LabStats
import LabStore
import LabStudy

extension SweepRecords {
  /// What a store knows of the runs of a sweep, beyond what the sweep has.
  ///
  /// - Parameters:
  ///   - sweep: the sweep.
  ///   - store: the store.
  ///   - includesCalibration: whether the predictions of every run are read, which may be large.
  ///   - metric: the metric for which the predictions for each image are kept; none are for nil, and for one that single
  ///     images have no part in.
  ///   - progress: is told the share of the runs that have been read.
  package init(
    of sweep: Sweep, in store: StudyStore, includesCalibration: Bool = true, metric: MetricDescription? = nil,
    progress: (Double) -> Void = { _ in }
  ) throws {
    self.init(
      description: SweepRecords.description(of: sweep.specText),
      predictions: metric.flatMap { TestPredictions(metric: $0.name) })
    var seen: Set<RunIdentity> = []
    let runs = sweep.runs
    for (index, run) in runs.enumerated() where run.state != .pending && seen.insert(run.identity).inserted {
      progress(Double(index) / Double(runs.count))
      let all = try store.attempts(at: run.identity)
      // The last one may have taken over what an earlier one had told.
      attempts[run.identity] = all.last { $0.provenance != nil } ?? all.last
      guard run.state == .completed else { continue }
      epochs[run.identity] = try store.epochs(of: run.identity)
      finals[run.identity] = try store.finalRecord(of: run.identity)
      readLesions(of: run, in: store)
      guard includesCalibration, store.folder(of: run.identity).has(.predictions) else { continue }
      do {
        let stored = try store.folder(of: run.identity).readPredictions()
        calibration[run.identity] = SweepRecords.bins(of: stored)
        predictions?.add(stored, of: run)
      } catch {
        // What is damaged is told, and the rest of the report is as good as before.
        problems.append("\(error)")
        predictions?.addProblem("\(error)")
      }
    }
  }

  /// Reads a run's lesions, but for those of other weights than the run's.
  private mutating func readLesions(of run: Run, in store: StudyStore) {
    do {
      let (found, errors) = try store.folder(of: run.identity).readLesions()
      problems += errors.map { "\($0)" }
      let stored = finals[run.identity]?.weightsHash
      lesions[run.identity] = found.filter { lesions in
        let isOther = lesions.setting.weights == .final && stored != nil && lesions.setting.weightsHash != stored
        if isOther {
          problems.append(
            "the lesions on record of run \(run.identity.short) are of other weights than it has now: run labrun lesion "
              + "again")
        }
        return !isOther
      }
    } catch {
      problems.append("\(error)")
    }
  }

  /// What a spec says of itself; nil where it says nothing, or is written in no known language.
  private static func description(of spec: String) -> String? {
    SourceFormat.allCases.lazy.compactMap { format -> String? in
      let parse = SourceValue.parse(spec, format: format)
      return parse.issues.isEmpty ? parse.value?["description"]?.string : nil
    }.first
  }

  private static func bins(of predictions: Predictions) -> CalibrationBins? {
    let classCount = predictions.classNames.count
    guard classCount > 0, predictions.logits.count == predictions.labels.count * classCount else { return nil }
    let images = ImagePredictions(logits: predictions.logits, classCount: classCount)
    var bins = CalibrationBins()
    for (index, label) in predictions.labels.enumerated() {
      bins.add(confidence: images.confidences[index], isCorrect: Int(images.classes[index]) == label)
    }
    return bins
  }
}
