import LabCore

/// Where a data set's images come from: what a data set's file has to provide.
///
/// Images are bytes with one class label each; what they are resized to, normalized and split into is no concern of a source.
public protocol DatasetSource: Sendable {
  /// What the decoded content depends on: the format's name and version, ``FileIdentity/text`` of every file, options.
  ///
  /// Decoded images are kept, and taken for another run's where all of this is equal.
  var identity: [String] { get }
  /// Where the content comes from, for people: a folder, a file or a generator.
  var origin: String { get }
  /// What is odd about the files or their content, as far as opening them tells; paths are those of a spec.
  var findings: [Finding] { get }
  /// Reads everything but the images, and checks that all parts fit each other.
  ///
  /// - Parameter progress: receives a sentence for every file that is left out.
  /// - Throws: ``DataError`` where files cannot be read or contradict each other.
  func manifest(progress: @escaping DataProgress) throws -> DatasetManifest
  /// Writes all images of one part, in the order of the manifest's labels.
  ///
  /// ## Shapes
  /// `destination`: `[images, height, width, channels]`, row-major, bytes from 0 to 255.
  ///
  /// - Parameters:
  ///   - part: training or test images.
  ///   - manifest: what `manifest` gave.
  ///   - destination: where the images are written.
  ///   - progress: is told how many images are decoded.
  /// - Throws: ``DataError`` where files cannot be read, or have changed since the manifest was read.
  func decodeImages(
    of part: DatasetPart, manifest: DatasetManifest, into destination: UnsafeMutableBufferPointer<UInt8>,
    progress: DecodingProgress) throws
}

extension DatasetSource {
  public var findings: [Finding] { [] }
}

/// One of the two parts in which a data set is published.
public enum DatasetPart: String, Codable, Hashable, Sendable, CaseIterable {
  /// The images that may be learnt from; validation images are taken from it.
  case train
  /// The images that are looked at in the end only.
  case test
}

/// Receives one sentence whenever a long preparation begins a new phase.
public typealias DataProgress = @Sendable (String) -> Void
