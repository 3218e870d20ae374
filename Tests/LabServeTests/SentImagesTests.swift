import Foundation
import LabWorkbench
import Testing

/// What is looked at of images that somebody has sent, before anything is decoded.
@Suite struct SentImagesTests {
  private func picture(_ width: Int, _ height: Int) -> Data {
    Data("P5 \(width) \(height) 255\n".utf8) + Data(repeating: 7, count: width * height)
  }

  private func problem(
    _ files: [(name: String, data: Data)], _ limits: SentImages.Limits = .init()
  ) -> SentImages.Problem? {
    do {
      _ = try SentImages(files, limits: limits)
      return nil
    } catch {
      return error
    }
  }

  @Test func imagesAndFaultsAreToldApart() throws {
    var limits = SentImages.Limits()
    limits.pixels = 100
    let images = try SentImages(
      [
        ("a.pgm", picture(10, 10)), ("b.pgm", picture(10, 11)), ("c.txt", Data("text".utf8)), ("d.pgm", picture(3, 5)),
        ("e.png", Data()),
      ], limits: limits)
    #expect(images.names == ["a.pgm", "d.pgm"] && images.count == 2)
    #expect(images.extents.map(\.width) == [10, 3] && images.extents.map(\.height) == [10, 5])
    #expect(images.fileExtensions == ["ppm", "ppm"] && images.areTurned == [false, false])
    #expect(images.faults.map(\.name) == ["b.pgm", "c.txt", "e.png"])
    #expect(
      images.faults[0].problem.contains("is 10×11 pixels large") && images.faults[0].problem.contains("at most 100"))
    #expect(images.data(1) == picture(3, 5) && images.byteCount == picture(10, 10).count + picture(3, 5).count)
  }

  @Test func whatIsTooMuchIsRefused() {
    var limits = SentImages.Limits()
    (limits.count, limits.pixels, limits.totalPixels) = (2, 100, 150)
    let one = ("a.pgm", picture(10, 10))
    #expect(problem([]).map(\.kind) == .unusable)
    #expect(problem([one, one, one], limits).map(\.kind) == .tooMany)
    // Each is small enough, both are not.
    #expect(problem([one], limits) == nil)
    #expect(problem([one, one], limits)?.description.contains("200 pixels together, and at most 150") == true)
    #expect(problem([("b.pgm", picture(11, 10))], limits).map(\.kind) == .unusable)
    #expect(problem([("c.txt", Data("text".utf8))], limits).map(\.kind) == .foreign)
    let both = problem([("c.txt", Data("text".utf8)), ("e.png", Data())], limits)
    #expect(both?.description.contains("c.txt") == true && both?.description.contains("the other 1") == true)
    // A head that promises more than there is memory.
    #expect(problem([("x.pgm", Data("P5 99999 99999 255\n".utf8))]).map(\.kind) == .unusable)
  }
}
