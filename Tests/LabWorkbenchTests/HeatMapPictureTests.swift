import LabData
import LabTrain
import LabWorkbench
import Testing

/// Pictures of maps over images.
@Suite struct HeatMapPictureTests {
  /// An image of two columns, black and white.
  private let image = DecodedImage(
    shape: ImageShape(channels: 3, height: 1, width: 2), pixels: [0, 0, 0, 255, 255, 255])

  private func pixel(_ picture: DecodedImage, _ row: Int, _ column: Int) -> [UInt8] {
    let first = (row * picture.shape.width + column) * 3
    return Array(picture.pixels[first..<first + 3])
  }

  @Test func smallImagesAreEnlargedPixelByPixel() {
    let large = HeatMapPicture.enlarged(image)
    #expect(large.shape == ImageShape(channels: 3, height: 128, width: 256))
    #expect((0..<256).allSatisfy { pixel(large, 77, $0) == ($0 < 128 ? [0, 0, 0] : [255, 255, 255]) })
    // Grey images have three equal colors, and images that are large enough keep their size.
    let grey = DecodedImage(
      shape: ImageShape(channels: 1, height: 200, width: 300), pixels: (0..<60_000).map { UInt8($0 % 251) })
    let same = HeatMapPicture.enlarged(grey)
    #expect(same.shape == ImageShape(channels: 3, height: 200, width: 300))
    #expect(pixel(same, 3, 17) == Array(repeating: UInt8((3 * 300 + 17) % 251), count: 3))
  }

  @Test func mapsAreInterpolatedBetweenTheirPixels() {
    let black = DecodedImage(
      shape: ImageShape(channels: 3, height: 8, width: 8), pixels: Array(repeating: 0, count: 192))
    // 0 to the left, 1 to the right; the centers of these halves lie between columns 1 and 2, and 5 and 6.
    let map = ClassActivationMap(features: [0, 1, 0, 1], gradient: [1, 1, 1, 1], shape: [1, 2, 2])
    let overlay = HeatMapPicture.overlay(map, on: black)
    #expect(overlay.shape == black.shape)
    #expect((0..<8).allSatisfy { pixel(overlay, $0, 5) == pixel(overlay, 0, 5) })
    // Above 1 the color is (252, 255, 164), at 0 (0, 0, 4); they cover 70 % and 35 %.
    #expect(pixel(overlay, 0, 7) == [176, 179, 115] && pixel(overlay, 0, 0) == [0, 0, 1])
    // Column 3 lies three eighths of the way from one to the other: the fourth color, which covers 48.125 %.
    #expect(pixel(overlay, 0, 3) == [136, 34, 106].map { UInt8(($0 * 0.48125).rounded()) })
    let brightness = (0..<8).map { pixel(overlay, 0, $0).reduce(0) { $0 + Int($1) } }
    #expect(brightness == brightness.sorted() && Set(brightness).count >= 5)
  }

  @Test func nothingIsLostSideBySide() {
    let large = HeatMapPicture.enlarged(image)
    let both = HeatMapPicture.sideBySide(large, large)
    #expect(both.shape == ImageShape(channels: 3, height: 128, width: 520))
    for column in 0..<256 {
      #expect(pixel(both, 5, column) == pixel(large, 5, column))
      #expect(pixel(both, 5, column + 264) == pixel(large, 5, column))
    }
    #expect((256..<264).allSatisfy { pixel(both, 127, $0) == [255, 255, 255] })
  }
}
