import LabCore
import LabData

/// The built-in images in place of Fashion-MNIST where that is not installed, so that a spec can be tried anywhere.
///
/// It is the resolved configuration of a variant that changes, so that the store records what was really trained on; the spec
/// stays as it was written.
final class StandardData {
  private let library: DatasetLibrary
  /// How to get the real images; nil where nothing was replaced.
  private var remedy: String?

  init(_ library: DatasetLibrary) { self.library = library }

  /// One sentence on what happens and how to get the real images; nil where nothing was replaced.
  var note: String? {
    remedy.map {
      "Fashion-MNIST is not installed, so this runs on the built-in \(DatasetConfiguration.substituteName); "
        + "for the real images, \($0)"
    }
  }

  /// The configuration with the built-in images where it wants the standard ones from no particular folder and they are not
  /// installed.
  func substituted(_ configuration: JSONValue) -> JSONValue {
    guard configuration[path: "dataset.name"] == .string(DatasetConfiguration.standardName),
      let dataset = try? RunConfiguration(configuration).dataset, dataset.path == nil
    else { return configuration }
    do {
      _ = try library.dataset(dataset)
      return configuration
    } catch DataError.notFound(_, _, let remedy) {
      self.remedy = remedy
      var changed = configuration
      changed[path: "dataset.name"] = .string(DatasetConfiguration.substituteName)
      return changed
    } catch {
      // What else is wrong with the images is said of the variant.
      return configuration
    }
  }
}
