import Foundation
import LabCore

/// What an image file is, for people.
public struct ImageDescription: CustomStringConvertible, Sendable {
  public let description: String

  /// Looks at a file; nil where it is no image.
  public init?(path: String) {
    do {
      let shape = try ImageDecoder.shape(path: path)
      description = "\(shape.width)×\(shape.height) pixels, \(shape.channels) channel\(shape.channels == 1 ? "" : "s")"
    } catch {
      guard ImageFormat.fileExtensions.contains((path as NSString).pathExtension.lowercased()) else { return nil }
      description = "by its name; it cannot be read"
    }
  }
}
