import Foundation
import LabData
import LabStudy

/// The built-in images in place of Fashion-MNIST where that is not installed, so that a spec can be tried anywhere.
///
/// The spec's text itself is changed, so that the store records what was really trained on.
package struct SubstituteData {
  /// The spec with the other data set.
  package let source: SpecSource
  /// What a spec means that names no data set.
  package let schema: StudySchema
  /// One sentence on what happens and how to get the real images.
  package let note: String

  package init(_ source: SpecSource, remedy: String) {
    let name = DatasetConfiguration.standardName
    var changed = source
    // In JSON a name is a whole string; in YAML it may be a bare word.
    let pattern = source.format == .json ? "\"\(name)\"" : "(?<![\\w/.-])\(name)(?![\\w/.-])"
    let replacement = DatasetConfiguration.substituteName
    changed.text = source.text.replacingOccurrences(
      of: pattern, with: source.format == .json ? "\"\(replacement)\"" : replacement, options: .regularExpression)
    self.source = changed
    schema = StudySchema.labrunSchema(defaultDataset: replacement)
    note = "Fashion-MNIST is not installed, so this runs on the built-in \(replacement); for the real images, \(remedy)"
  }
}
