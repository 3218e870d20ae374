import Foundation
import LabCore
import LabData
import LabReport

/// Image files that somebody has sent, of which none is larger than is allowed.
///
/// Their headers are read, and nothing is decoded: a small file may declare more pixels than memory holds.
package struct SentImages: Sendable {
  /// What may be sent at once.
  package struct Limits: Sendable {
    /// The most images.
    package var count = 32
    /// The most pixels of an image.
    package var pixels = 50_000_000
    /// The most pixels of all images together.
    package var totalPixels = 200_000_000

    package init() {}
  }

  /// Why nothing is done with what was sent.
  package struct Problem: Error, Sendable, CustomStringConvertible {
    package enum Kind: Sendable {
      /// There is no image, or one that cannot be used.
      case unusable
      /// It is of no kind that is known.
      case foreign
      /// There are more than are taken.
      case tooMany
    }
    package var kind: Kind
    /// One sentence.
    package var description: String
  }

  /// The files that can be looked at, in their order.
  let images: [EncodedImage]
  /// The extents that each of them declares: width and height in pixels.
  package let extents: [(width: Int, height: Int)]
  /// Whether each of them says that the camera was turned.
  package let areTurned: [Bool]
  /// The endings that each of them should have, by what they are.
  package let fileExtensions: [String]
  /// The names and faults of those that cannot.
  package let faults: [(name: String, problem: String)]

  /// The number of images that can be looked at.
  package var count: Int { images.count }
  /// Their names.
  package var names: [String] { images.map(\.name) }
  /// The bytes of all of them.
  package var byteCount: Int { images.reduce(0) { $0 + $1.data.count } }

  /// The file of an image as it was sent.
  package func data(_ index: Int) -> Data { images[index].data }

  /// Looks at files.
  ///
  /// - Parameters:
  ///   - files: their names and bytes.
  ///   - limits: what may be sent at once.
  /// - Throws: ``Problem`` where there are too many, or none can be used.
  package init(_ files: [(name: String, data: Data)], limits: Limits = .init()) throws(Problem) {
    guard !files.isEmpty else { throw Problem(kind: .unusable, description: "no image was sent: choose at least one") }
    guard files.count <= limits.count else {
      throw Problem(
        kind: .tooMany,
        description: "\(files.count) images were sent, and at most \(limits.count) are looked at at once: send fewer")
    }
    var images: [EncodedImage] = []
    var extents: [(width: Int, height: Int)] = []
    var fileExtensions: [String] = []
    var faults: [(name: String, problem: String, kind: Problem.Kind)] = []
    for file in files {
      let image = EncodedImage(name: file.name, data: file.data)
      do throws(ImageProblem) {
        let shape = try image.shape()
        guard shape.width * shape.height <= limits.pixels else {
          let problem = DataError.malformedFile(
            path: file.name, actual: "is \(shape.width)×\(shape.height) pixels large",
            expected: "at most \(NumberText.grouped(limits.pixels)) pixels: make it smaller")
          faults.append((file.name, "\(problem)", .unusable))
          continue
        }
        images.append(image)
        extents.append((shape.width, shape.height))
        fileExtensions.append(ImageFormat(of: file.data)?.fileExtension ?? "img")
      } catch {
        let kind = ImageFormat(of: file.data) == nil ? Problem.Kind.foreign : .unusable
        faults.append((file.name, "\(error.error(path: file.name))", kind))
      }
    }
    if images.isEmpty, let first = faults.first {
      let others = faults.count > 1 ? "; nor can the other \(faults.count - 1) be looked at" : ""
      throw Problem(kind: first.kind, description: first.problem + others)
    }
    let total = extents.reduce(0) { $0 + $1.width * $1.height }
    guard total <= limits.totalPixels else {
      throw Problem(
        kind: .unusable,
        description: "the images have \(NumberText.grouped(total)) pixels together, and at most "
          + "\(NumberText.grouped(limits.totalPixels)) are looked at at once: send fewer, or smaller ones")
    }
    self.images = images
    areTurned = images.map(\.isTurned)
    self.extents = extents
    self.fileExtensions = fileExtensions
    self.faults = faults.map { ($0.name, $0.problem) }
  }
}
