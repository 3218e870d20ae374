import Foundation
import LabCore
import LabData
import LabReport

/// A data set that has been looked at, with its images, for a page that shows them.
package struct InspectedDataset: Sendable {
  /// An image that can be asked for.
  package struct Picture: Sendable, Hashable {
    /// Its place among all images.
    package var index: Int
    /// Its path within the data set, or its number.
    package var name: String
    /// The name of its class.
    package var className: String
    /// The split that it is published in.
    package var split: String
    /// Whether it cannot be decoded.
    package var isDamaged: Bool
    /// What tells the data set's files from those that it had at other times.
    package var version: String
  }

  /// Images with the same pixels.
  package struct Duplicates: Sendable {
    package var pictures: [Picture]
    /// Whether some are training and some are test images.
    package var crossesParts: Bool
    /// Whether they are not all of one class.
    package var differsInClass: Bool
  }

  /// What an inspection says, as commands print it.
  package let view: InspectionView
  /// What tells the data set's files from those that it had at other times, in a few digits.
  package let version: String
  private let inspection: DatasetInspection
  /// The places of the images of each class by the split's name, in their order.
  private let places: [[String: [Int]]]
  private let damagedPlaces: Set<Int>

  private var catalog: SampleCatalog { inspection.catalog }

  /// Looks at every image of a data set, on one thread: sweeps that are trained meanwhile keep the other cores.
  ///
  /// - Parameters:
  ///   - dataset: the data set.
  ///   - identity: what its files are known by, found out before any of them is read.
  /// - Throws: `DataError` where it cannot be read.
  package init(_ dataset: UsedDataset, identity: String) throws {
    version = ContentHash(of: identity).short
    let catalog = try SampleCatalog(dataset.configuration)
    inspection = DatasetInspection(catalog, isAlone: false)
    view = InspectionView(inspection, listed: 0)
    var places = [[String: [Int]]](repeating: [:], count: catalog.classNames.count)
    for (index, sample) in catalog.samples.enumerated() {
      places[sample.label][sample.split.rawValue, default: []].append(index)
    }
    self.places = places
    damagedPlaces = Set(inspection.unreadable.map(\.sample))
  }

  /// The names of the classes.
  package var classNames: [String] { catalog.classNames }
  /// The names of the splits that there are, in their order.
  package var splits: [String] {
    SplitName.allCases.filter { inspection.classCounts[$0] != nil }.map(\.rawValue)
  }

  /// How many images of a class a split has.
  package func count(ofClass index: Int, split: String) -> Int { places[index][split]?.count ?? 0 }

  /// The images of a class, or of all, in their order.
  ///
  /// - Parameters:
  ///   - index: the class; nil for all.
  ///   - split: the split; nil for all.
  package func places(ofClass index: Int?, split: String?) -> [Int] {
    let classes = index.map { [places[$0]] } ?? places
    return classes.flatMap { splits in splits.filter { split == nil || $0.key == split }.flatMap(\.value) }.sorted()
  }

  /// Some images of a class that can be shown, evenly spread over its training images, or over all where it has none.
  package func examples(ofClass index: Int, count: Int) -> [Picture] {
    func whole(_ split: String?) -> [Int] {
      places(ofClass: index, split: split).filter { !damagedPlaces.contains($0) }
    }
    let training = whole(SplitName.train.rawValue)
    let all = training.isEmpty ? whole(nil) : training
    guard all.count > count else { return all.map(picture) }
    return (0..<count).map { picture(all[$0 * all.count / count]) }
  }

  /// What is known of an image.
  package func picture(_ index: Int) -> Picture {
    let sample = catalog.samples[index]
    return Picture(
      index: index, name: sample.name, className: catalog.classNames[sample.label], split: sample.split.rawValue,
      isDamaged: damagedPlaces.contains(index), version: version)
  }

  /// Images that are there several times, first those that are both training and test images, then those of several classes.
  package var duplicates: [Duplicates] {
    view.duplicatesByGravity.map {
      Duplicates(
        pictures: $0.samples.map(picture), crossesParts: $0.crossesParts, differsInClass: $0.differsInClass)
    }
  }

  /// Files that cannot be decoded, each with what is wrong.
  package var damaged: [(picture: Picture, problem: String)] {
    inspection.unreadable.map { (picture($0.sample), $0.problem) }
  }

  /// Images of unusual sizes, each with what is unusual.
  package var suspicious: [(picture: Picture, reason: String)] {
    inspection.suspicions.map { (picture($0.sample), $0.reason) }
  }

  /// What is odd, each with what to do about it.
  package var findings: [Finding] { inspection.findings }

  /// The longer side of pictures, in pixels.
  private static let side = 160

  /// An image as a PNG, made smaller where it is large; nil where there is none of the number.
  ///
  /// - Throws: `DataError` where it cannot be read.
  package func png(_ index: Int) throws -> Data? {
    guard catalog.samples.indices.contains(index) else { return nil }
    let image = try catalog.thumbnail(at: index, side: InspectedDataset.side)
    do throws(ImageProblem) {
      return try HeatMapPicture.png(of: image)
    } catch {
      throw error.error(path: catalog.samples[index].name)
    }
  }
}
