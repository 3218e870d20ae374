import Foundation

/// An image file that is in memory, as somebody has sent it.
package struct EncodedImage: Sendable {
  /// What it is called.
  package var name: String
  /// The file's bytes.
  package var data: Data

  /// Takes a file's bytes.
  package init(name: String, data: Data) {
    self.name = name
    self.data = data
  }

  /// The extents that the file declares, for which its pixels are not decoded.
  ///
  /// - Throws: ``ImageProblem`` where it is no image that can be read.
  package func shape() throws(ImageProblem) -> ImageShape { try ImageDecoder.shape(of: data) }

  /// Whether the file says that the camera was turned, which decoding leaves as it is.
  package var isTurned: Bool { data.withUnsafeBytes { ImageOrientation.isTurned($0) } }

  /// Decodes the file as one on a disk is decoded.
  ///
  /// - Parameter scale: the size to which a JPEG is decoded.
  /// - Throws: ``DataError``.
  package func decoded(scale: JPEGScale = .full) throws -> DecodedImage {
    do throws(ImageProblem) {
      return try ImageDecoder.decode(data, scale: scale)
    } catch {
      throw error.error(path: name)
    }
  }
}

extension ImageFormat {
  /// The format of a file in memory; nil where it is none that can be read.
  package init?(of data: Data) {
    guard let format = data.withUnsafeBytes({ ImageFormat(of: $0) }) else { return nil }
    self = format
  }

  /// The ending of a file's name, without a point.
  package var fileExtension: String {
    switch self {
    case .png: "png"
    case .jpeg: "jpg"
    case .webP: "webp"
    case .tiff: "tif"
    case .gif: "gif"
    case .portableAnymap: "ppm"
    case .bitmap: "bmp"
    }
  }
}
