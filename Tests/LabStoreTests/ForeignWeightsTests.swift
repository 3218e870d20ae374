import Foundation
import LabCore
import LabFuzzing
import LabStore
import Testing

/// HDF5 files of weights that other programs wrote, or nobody.
@Suite(.timeLimit(.minutes(10))) struct ForeignWeightsTests {
  private func path(_ name: String) throws -> String {
    let fixtures = try #require(Bundle.module.url(forResource: "Fixtures", withExtension: nil))
    return fixtures.appendingPathComponent(name).path
  }

  private func problem(_ name: String) throws -> String {
    let path = try path("foreign/" + name)
    let error = #expect(throws: StoreError.self) { _ = try WeightsFile.read(path) }
    #expect(error?.description.hasPrefix(path) == true || error?.description.contains(" in \(path): ") == true)
    return error?.description ?? ""
  }

  @Test func anotherProcessReadsWhatThisOneWould() throws {
    for name in ["state-dict.h5", "state-dict-chunked.h5", "checkpoint-like.h5", "links.h5"] {
      let here = try? WeightsFile.readGroup(path(name))
      try #require(HelperProgram.use(), "the program is built with the tests")
      #expect(try WeightsFile.readGroup(path(name)) == here, "\(name)")
    }
  }

  @Test func aCrashOfTheLibraryIsAnError() throws {
    try #require(HelperProgram.use())
    #expect(try problem("crash.h5").contains("is damaged: the library that reads it crashed on it"))
  }

  @Test func linksThatFanOutAreFollowedOnce() throws {
    #expect(try WeightsFile.read(path("foreign/fan-out.h5")) == [NamedTensor("weight", [3], [0, 1, 2] as [Float])])
  }

  @Test func elementsOfManyNamesAreBounded() throws {
    #expect(try problem("many-names.h5").contains("names its elements too many times"))
  }

  @Test func extentsWithoutElementsAreRefused() throws {
    let text = try problem("absurd.h5")
    #expect(text.contains("claims the extents [8589934592, 32, 32, 3] but holds 0 bytes"), "\(text)")
  }

  @Test func aMissingFilterIsNamed() throws {
    let text = try problem("lzf.h5")
    #expect(text.contains("the filter lzf (number 32000) that this HDF5 library lacks; expected gzip"), "\(text)")
  }
}
