import CLabKernels
import Testing

@Suite struct SelectionTests {
  @Test func portableKernelsAreAlwaysThere() throws {
    let kernels = try #require(labKernelsNamed("portable")).pointee
    #expect(String(cString: kernels.name) == "portable")
    #expect(kernels.block == 8)
    #expect(labKernelsNamed("mmx") == nil)
  }

  @Test func namesAndBlocksBelongTogether() throws {
    for instructions in Instructions.available {
      let kernels = try instructions.kernels
      #expect(String(cString: kernels.name) == instructions.name)
      #expect(kernels.block == (instructions.name == "avx512" ? 16 : 8))
    }
  }

  @Test func choosesAnAvailableSet() throws {
    let chosen = String(cString: labKernels().pointee.name)
    #expect(Instructions.available.contains { $0.name == chosen })
  }

  @Test func peakIsPlausible() {
    let peak = labMeasurePeakGflops(5)
    #expect(peak > 0.1 && peak < 10_000)
  }
}
