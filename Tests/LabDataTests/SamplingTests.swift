import LabCore
import LabData
import Testing

/// Every kernel against a sampler that does one pixel after the other, as plainly as possible.
@Suite struct SamplingTests {
  /// Square and oblong images, of whole vectors and not, of one vector at most and of a single pixel.
  static let shapes = [
    (3, 32, 32), (3, 17, 23), (1, 28, 28), (1, 5, 9), (3, 1, 8), (3, 7, 1), (3, 2, 2), (1, 1, 1), (2, 6, 13),
    (4, 11, 8), (5, 6, 7), (3, 40, 3), (3, 9, 100),
  ].map { ImageShape(channels: $0, height: $1, width: $2) }

  @Test(arguments: ImageKernel.available, shapes)
  func interpolatedImagesAreThoseOfThePlainSampler(kernel: ImageKernel, shape: ImageShape) {
    let sampler = ImageSampler(shape: shape, kernel: kernel)
    for number in 0..<60 {
      let problem = SamplingProblem(shape: shape, number: number)
      for light in [nil, (brightness: 1.3, contrast: 0.7), (0.6, 1.5), (1, 1.2), (1.1, 1)] as [SamplingProblem.Light?] {
        let sampled = problem.sampled(by: sampler, light: light)
        #expect(sampled.isWithinMargins)
        // Compared here and not by the macro, which would print thousands of values.
        let differing = zip(sampled.values, problem.expected(light: light)).enumerated().filter { $1.0 != $1.1 }
        #expect(
          differing.isEmpty, "number \(number), \(differing.count) values: \(String(describing: differing.first))")
      }
    }
  }

  @Test(arguments: shapes)
  func tablesAreThoseOfThePlainSampler(shape: ImageShape) {
    for number in 0..<10 {
      let problem = SamplingProblem(shape: shape, number: number)
      for light in [(brightness: 1.3, contrast: 0.7), (0.6, 1.5), (1, 1.2), (1.1, 1)] as [SamplingProblem.Light] {
        var table = problem.table
        LightTable(shape: shape, table: table).fill(
          &table, brightness: light.brightness, contrast: light.contrast, image: problem.image)
        #expect(table == problem.litTable(light))
      }
    }
  }

  @Test(arguments: ImageKernel.available)
  func imagesFarOutsideAreFill(kernel: ImageKernel) {
    let shape = ImageShape(channels: 3, height: 9, width: 11)
    for translation in [SIMD2(1e9, 0), SIMD2(0, -1e30), SIMD2(-40, 40), SIMD2(11, 0), SIMD2(-11, 0), SIMD2(0, 9)] {
      var problem = SamplingProblem(shape: shape, number: 0)
      problem.transform = SampleTransform()
      problem.transform.setAffine(radians: 0, scale: 1, translation: translation, height: 9, width: 11)
      let sampled = problem.sampled(by: ImageSampler(shape: shape, kernel: kernel), light: nil)
      #expect(sampled.values.indices.allSatisfy { sampled.values[$0] == problem.fill[$0 / 99] })
    }
  }

  @Test(arguments: ImageKernel.available)
  func positionsThatAreNoNumbersStayInMemory(kernel: ImageKernel) {
    let shape = ImageShape(channels: 3, height: 9, width: 11)
    for scale in [0, Double.infinity, .nan] {
      var problem = SamplingProblem(shape: shape, number: 0)
      problem.transform.setAffine(radians: 0.3, scale: scale, translation: SIMD2(1, 1), height: 9, width: 11)
      #expect(problem.sampled(by: ImageSampler(shape: shape, kernel: kernel), light: nil).isWithinMargins)
    }
  }

  @Test func someKernelIsAlwaysThere() {
    #expect(ImageKernel.available.map(\.description).contains("portable"))
    #expect(ImageKernel.available.map(\.description).contains(ImageKernel.widest.description))
  }
}
