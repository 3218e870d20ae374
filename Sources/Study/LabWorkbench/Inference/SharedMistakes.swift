import LabCore
import LabRecords
import LabReport
import LabStats
import LabStore

/// Which test images the runs of a sweep get wrong, and how many of them.
package struct SharedMistakes: Sendable {
  /// What is known of an image.
  package struct Entry: Sendable {
    /// Its place among the test images, from 0.
    package var index: Int
    /// The index of its true class.
    package var label: Int
    /// How many runs take it for another class.
    package var wrongRunCount = 0
    /// How many variants do so in more than half of their runs.
    package var wrongVariantCount = 0
    /// The class that most of the runs that are wrong take it for.
    package var mostPredicted: Int?
  }

  /// The classes' names in the order of their indices.
  package private(set) var classNames: [String] = []
  /// The images that some run gets wrong: those that most variants and most runs get wrong first.
  package private(set) var entries: [Entry] = []
  /// The number of test images.
  package private(set) var imageCount = 0
  /// The runs that were looked at, and the variants that they are of.
  package private(set) var runs: [Run] = []
  package private(set) var variantCount = 0
  /// What could not be looked at, a sentence each.
  package private(set) var problems: [String] = []

  /// The images that every variant gets wrong in more than half of its runs.
  package var ofAllVariants: Int { entries.count { $0.wrongVariantCount == variantCount } }
  /// The images that every run gets wrong.
  package var ofAllRuns: Int { entries.count { $0.wrongRunCount == runs.count } }

  /// Reads the predictions of a sweep's completed runs.
  ///
  /// - Parameters:
  ///   - sweep: the sweep.
  ///   - store: the store that has it.
  package init(of sweep: Sweep, in store: StudyStore) {
    var labels: [Int] = []
    var source: JSONValue?
    /// How many runs take each image for each class, by image.
    var taken: [[Int: Int]] = []
    var wrongVariants: [Int] = []
    var others = 0
    var read: [RunIdentity: [Int32]] = [:]
    for variant in sweep.variants {
      var count = 0
      var wrong: [Int] = []
      for run in variant.runs where run.state == .completed {
        if read[run.identity] == nil {
          let folder = store.folder(of: run.identity)
          do {
            guard folder.has(.predictions) else {
              throw WorkbenchError("run \(run.identity.short) has stored no predictions of its test images")
            }
            let predictions = try folder.readPredictions()
            let own = TestPredictions.source(run.configuration["dataset"])
            if runs.isEmpty {
              (labels, classNames, source) = (predictions.labels, predictions.classNames, own)
              taken = Array(repeating: [:], count: labels.count)
              wrongVariants = Array(repeating: 0, count: labels.count)
            }
            guard predictions.labels == labels, predictions.classNames == classNames, own == source else {
              others += 1
              continue
            }
            let classes = ImagePredictions(logits: predictions.logits, classCount: classNames.count).classes
            for (image, label) in classes.enumerated() where Int(label) != labels[image] {
              taken[image][Int(label), default: 0] += 1
            }
            read[run.identity] = classes
            runs.append(run)
          } catch {
            problems.append("\(error)")
            continue
          }
        }
        guard let classes = read[run.identity] else { continue }
        count += 1
        if wrong.isEmpty { wrong = Array(repeating: 0, count: labels.count) }
        for (image, label) in classes.enumerated() where Int(label) != labels[image] { wrong[image] += 1 }
      }
      guard count > 0 else { continue }
      variantCount += 1
      for image in labels.indices where 2 * wrong[image] > count { wrongVariants[image] += 1 }
    }
    if others > 0 {
      problems.append("\(others) \(others == 1 ? "run was" : "runs were") tested on other images, and left out")
    }
    imageCount = labels.count
    entries = labels.indices.compactMap { image in
      let wrong = taken[image].values.reduce(0, +)
      guard wrong > 0 else { return nil }
      let most = taken[image].max { ($0.value, $1.key) < ($1.value, $0.key) }?.key
      return Entry(
        index: image, label: labels[image], wrongRunCount: wrong, wrongVariantCount: wrongVariants[image],
        mostPredicted: most)
    }
    .sorted {
      ($0.wrongVariantCount, $0.wrongRunCount, $1.index) > ($1.wrongVariantCount, $1.wrongRunCount, $0.index)
    }
  }
}
