import LabCore
import LabGraph
import LabNN
import LabZoo
import Testing

/// Parameters and multiply-adds against those that papers and libraries print.
@Suite struct PublishedCountTests {
  @Test(arguments: PublishedCounts.all) func countsAreThePublishedOnes(_ published: PublishedCounts) throws {
    let ours = try published.ours()
    #expect(ours.parameters == published.parameters, "\(published.configuration)")
    #expect(ours.multiplyAdds == published.multiplyAdds, "\(published.configuration)")
  }

  @Test func everyArchitectureHasPublishedCounts() throws {
    let published = Set(
      try PublishedCounts.all.compactMap {
        try ModelConfiguration(configuration: $0.configuration).architecture.configuration()["name"]
      })
    // Plans that are this project's own, and those whose papers leave room for several counts.
    let unpublished: Set<JSONValue> = ["multiscale-dynamic", "dynamic-capacity", "residual-attention"]
    for name in ArchitectureFamily.registry.names where !unpublished.contains(.string(name)) {
      #expect(published.contains(.string(name)), "\(name)")
    }
  }

  @Test func countsArePrintedLikeOthers() {
    #expect(PublishedCounts.printed(11_689_512, like: "1,234") == "11,689,512")
    #expect(PublishedCounts.printed(44_904_999, like: "44.90 M") == "44.90 M")
    #expect(PublishedCounts.printed(44_905_000, like: "44.90 M") == "44.91 M")
    #expect(PublishedCounts.printed(40_000_000, like: "1.814 G") == "0.040 G")
    #expect(PublishedCounts.printed(97_149_999, like: "97.1 M") == "97.1 M")
  }

  @Test func entriesAreFoundByModel() throws {
    let model = try ModelConfiguration(configuration: ["architecture": "resnet50", "conv": "odconv-4x"])
    let found = PublishedCounts.matching(model, image: [3, 224, 224], classCount: 1000)
    #expect(found.map(\.parameters) == ["90.67 M"])
    #expect(PublishedCounts.matching(model, image: [3, 32, 32], classCount: 10).isEmpty)
  }
}
