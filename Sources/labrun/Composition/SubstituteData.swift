import Foundation
import LabCore
import LabData
import LabStudy

/// The built-in images in place of Fashion-MNIST where that is not installed, so that a spec can be tried anywhere.
///
/// The spec's text itself is changed, so that the store records what was really trained on.
struct SubstituteData {
  let source: SpecSource
  let note: String

  init?(_ source: SpecSource, _ check: SpecCheck, library: DatasetLibrary) {
    let standard = DatasetConfiguration(name: "fashion-mnist")
    guard source.text.contains("\"fashion-mnist\"") || source.text.contains("fashion-mnist"),
      case .notFound(_, _, let remedy)? = SubstituteData.failure({ try library.dataset(standard) })
    else { return nil }
    var changed = source
    changed.text = source.text.replacing("fashion-mnist", with: "synthetic-signs")
    self.source = changed
    note =
      "Fashion-MNIST is not installed, so this runs on the built-in synthetic-signs; for the real images: \(remedy)"
  }

  private static func failure(_ body: () throws -> PreparedDataset) -> DataError? {
    do {
      _ = try body()
      return nil
    } catch {
      return error as? DataError
    }
  }
}
