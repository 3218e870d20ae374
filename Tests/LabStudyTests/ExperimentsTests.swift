import Foundation
import LabCore
import LabStudy
import Testing

/// The specs that come with the project, and those that it writes.
@Suite struct ExperimentsTests {
  private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appendingPathComponent("Experiments").path

  private func check(_ name: String) throws -> SpecCheck {
    TestSchema.study.check(try SpecSource(contentsOf: "\(Self.folder)/\(name)"))
  }

  @Test func theQuickAblationHasThirtySixRuns() throws {
    let name = "quick.json"
    let check = try check(name)
    #expect(check.issues == [])
    let plan = try check.validPlan()
    #expect(plan.name == name.split(separator: ".").first.map(String.init))
    #expect(plan.cells.count == 36)
    #expect(plan.seeds == [0, 1, 2])
    #expect(plan.factors.map(\.name) == ["conv", "downsample", "loss"])
    #expect(
      plan.variants.map(\.label) == [
        "baseline", "focal", "spd", "spd + focal", "odconv-1x", "odconv-1x + focal", "odconv-1x + spd",
        "odconv-1x + spd + focal", "odconv-4x", "odconv-4x + focal", "odconv-4x + spd", "odconv-4x + spd + focal",
      ])
  }

  @Test func everySpecIsExplained() throws {
    let readme = try String(contentsOfFile: "\(Self.folder)/README.md", encoding: .utf8)
    let specs = try FileManager.default.contentsOfDirectory(atPath: Self.folder)
      .filter { SourceFormat(fileExtension: ($0 as NSString).pathExtension) != nil && !$0.hasSuffix(".schema.json") }
    #expect(specs.count >= 2)
    for spec in specs { #expect(readme.contains("(\(spec))"), "\(spec)") }
    for design in Designs.registry.names { #expect(readme.contains("`\(design)`")) }
    for key in SpecKey.allCases where key != .schema { #expect(readme.contains("`\(key.rawValue)`")) }
  }

  @Test func theTableOfDesignsCountsRight() throws {
    // The numbers of the table in the README, for factors of 3, 2 and 2 levels.
    let space = DesignSpace(factors: [
      .init(levelCount: 3, full: 2), .init(levelCount: 2, full: 1), .init(levelCount: 2, full: 1),
    ])
    let readme = try String(contentsOfFile: "\(Self.folder)/README.md", encoding: .utf8)
    for design in Designs.registry.entries where !design.takesCells {
      let row = try #require(readme.split(separator: "\n").first { $0.hasPrefix("| `\(design.name)`") })
      #expect(row.hasSuffix("| \(design.cellCount(in: space)) |"))
    }
  }

  @Test func theExamplesInTheTextAreValid() throws {
    let readme = try String(contentsOfFile: "\(Self.folder)/README.md", encoding: .utf8)
    let examples = readme.split(separator: "```jsonc\n").dropFirst().compactMap { $0.split(separator: "```").first }
    try #require(examples.count == 3)
    let factors = try makePlan(
      text: """
        {
          "dataset": { "name": "hdf5" },
          \(try #require(examples.first)),
          "baseline": { "conv": "static", "training.weight_decay": 0, "width": 8, "recipe": "short" }
        }
        """)
    #expect(factors.variants.count == 3 * 2 * 2 * 2)
    #expect(factors.factors.map(\.levels)[0] == ["static", "odconv-4x", "odconv(kernels=8)"])
    let cells = try makePlan(
      text: """
        {
          "dataset": { "name": "hdf5" },
          "factors": {
            "conv": ["static", "odconv-1x", "odconv-4x"],
            "downsample": ["strided", "spd"],
            "loss": ["cross-entropy", "focal"],
          },
          "baseline": { "conv": "static", "downsample": "strided", "loss": "cross-entropy" },
          \(examples[1]),
          \(examples[2])
        }
        """)
    #expect(cells.variants.count == 12 - 4 + 1)
  }

  private func makePlan(text: String) throws -> Plan {
    let check = TestSchema.study.check(SpecSource(path: "example.json", text: text))
    #expect(check.issues == [])
    return try check.validPlan()
  }

  @Test(arguments: SourceFormat.allCases)
  func starterSpecsAreValid(format: SourceFormat) throws {
    for name in ["my-study", "1e5", "true"] {
      let check = TestSchema.study.check(
        SpecSource(path: "starter", text: StarterSpec.text(name: name, format: format), format: format))
      #expect(check.issues == [])
      #expect(check.plan?.name == name)
      #expect(check.plan?.cells.count == 12)
    }
  }

  @Test func bothStarterSpecsMeanTheSame() throws {
    let plans = try SourceFormat.allCases.map { format in
      try TestSchema.study.check(
        SpecSource(path: "starter", text: StarterSpec.text(name: "x", format: format), format: format)
      ).validPlan().cells
    }
    #expect(plans[0] == plans[1])
  }
}
