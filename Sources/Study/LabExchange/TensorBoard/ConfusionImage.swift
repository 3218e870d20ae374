import CPNG
import Foundation
import LabStats

/// A confusion matrix as a picture: a row a true class, a column a predicted one, the darker the larger its share of the row.
struct ConfusionImage {
  /// The picture as a PNG file.
  let png: Data
  /// The width and the height in pixels.
  let size: Int

  /// Draws a matrix; nil where libpng refuses.
  init?(_ confusion: ConfusionMatrix) {
    let rows = confusion.rows
    guard !rows.isEmpty else { return nil }
    let scale = max(1, 320 / rows.count)
    let size = rows.count * scale
    var pixels = [UInt8](repeating: 255, count: size * size * 3)
    for (row, counts) in rows.enumerated() {
      let total = max(1, counts.reduce(0, +))
      for (column, count) in counts.enumerated() {
        // Roots, so that rare confusions can be seen beside the diagonal.
        let strength = (Double(count) / Double(total)).squareRoot()
        let color = [255 - 247 * strength, 255 - 207 * strength, 255 - 148 * strength].map { UInt8($0.rounded()) }
        for y in row * scale..<(row + 1) * scale {
          for x in column * scale..<(column + 1) * scale {
            for channel in 0..<3 { pixels[(y * size + x) * 3 + channel] = color[channel] }
          }
        }
      }
    }
    guard let data = ConfusionImage.encode(pixels, size: size) else { return nil }
    png = data
    self.size = size
  }

  private static func encode(_ pixels: [UInt8], size: Int) -> Data? {
    var image = png_image()
    image.version = UInt32(PNG_IMAGE_VERSION)
    image.width = UInt32(size)
    image.height = UInt32(size)
    image.format = UInt32(PNG_FORMAT_FLAG_COLOR)
    defer { png_image_free(&image) }
    var byteCount = png_alloc_size_t(0)
    guard png_image_write_to_memory(&image, nil, &byteCount, 0, pixels, 0, nil) != 0 else { return nil }
    var data = Data(count: Int(byteCount))
    let status = data.withUnsafeMutableBytes {
      png_image_write_to_memory(&image, $0.baseAddress, &byteCount, 0, pixels, 0, nil)
    }
    return status == 0 ? nil : data.prefix(Int(byteCount))
  }
}
