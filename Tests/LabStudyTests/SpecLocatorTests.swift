import Foundation
import LabStudy
import Testing

@Suite struct SpecLocatorTests {
  /// Makes a folder with files, lets a test look at it, and removes it.
  private func withFiles<T>(_ files: [String], _ body: (SpecLocator) throws -> T) throws -> T {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("specs-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    for file in files {
      let url = folder.appendingPathComponent(file)
      try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data("{}".utf8).write(to: url)
    }
    return try body(SpecLocator(currentDirectory: folder.path))
  }

  private let files = [
    "Experiments/ablation.json", "Experiments/Quick.yaml", "Experiments/spec.schema.json", "Experiments/README.md",
    "Experiments/.hidden.json", "other/study.json", "Other/Deep/study.yml",
  ]

  @Test(arguments: [
    ("Experiments/ablation.json", "Experiments/ablation.json"),
    ("experiments/ABLATION.json", "Experiments/ablation.json"),
    ("./experiments/ablation.json", "Experiments/ablation.json"),
    ("experiments/ablation", "Experiments/ablation.json"),
    ("ablation", "Experiments/ablation.json"), ("Ablation", "Experiments/ablation.json"),
    ("ablation.json", "Experiments/ablation.json"), ("quick", "Experiments/Quick.yaml"),
    ("quick.YAML", "Experiments/Quick.yaml"), ("other/study.json", "other/study.json"),
    ("other/deep/STUDY.yml", "Other/Deep/study.yml"),
    ("Experiments/../other/Study.json", "Experiments/../other/study.json"),
  ])
  func specsAreFoundAsTyped(argument: String, path: String) throws {
    try withFiles(files) { (locator) throws in
      #expect(try locator.locate(argument) == path)
    }
  }

  @Test func absolutePathsAreFoundWithoutRegardToCaseToo() throws {
    try withFiles(files) { (locator) throws in
      let found = try locator.locate(locator.currentDirectory + "/experiments/ablation.json")
      #expect(found == locator.currentDirectory + "/Experiments/ablation.json")
    }
  }

  @Test func whatIsNotThereIsAnsweredWithWhatIs() throws {
    try withFiles(files) { (locator) throws in
      let error = #expect(throws: SpecError.self) { try locator.locate("ablatoin") }
      #expect(
        error?.description
          == "there is no spec \"ablatoin\" (did you mean \"Experiments/ablation.json\"?); Experiments "
          + "has Experiments/Quick.yaml, Experiments/ablation.json")
      #expect(throws: SpecError.self) { try locator.locate("spec.schema") }
      #expect(throws: SpecError.self) { try locator.locate("Experiments") }
      #expect(throws: SpecError.self) { try locator.locate("") }
      let path = #expect(throws: SpecError.self) { try locator.locate("Experiments/ablatio.json") }
      #expect(path?.description.contains("did you mean \"Experiments/ablation.json\"?") == true)
    }
    try withFiles(["x/y"]) { (locator) throws in
      let error = #expect(throws: SpecError.self) { try locator.locate("ablation") }
      #expect(error?.description == "there is no spec \"ablation\"; the folder Experiments has none")
    }
  }

  @Test func twoCandidatesAreNamed() throws {
    try withFiles(["Experiments/a.json", "Experiments/a.yaml", "Experiments/B.json", "Experiments/b.JSON"]) {
      (locator) throws in
      let error = #expect(throws: SpecError.self) { try locator.locate("a") }
      #expect(
        error?.description
          == "\"a\" could be Experiments/a.json or Experiments/a.yaml; name one of them by its whole path")
      #expect(throws: SpecError.ambiguous("experiments/a", candidates: ["Experiments/a.json", "Experiments/a.yaml"])) {
        try locator.locate("experiments/a")
      }
      #expect(
        throws: SpecError.ambiguous("experiments/b.json", candidates: ["Experiments/B.json", "Experiments/b.JSON"])
      ) {
        try locator.locate("experiments/b.json")
      }
      // The right spelling decides.
      #expect(try locator.locate("experiments/B.json") == "Experiments/B.json")
      #expect(try locator.locate("B") == "Experiments/B.json")
    }
  }

  @Test func theSpecsFolderItselfIsFoundWithoutRegardToCase() throws {
    try withFiles(["experiments/a.json"]) { (locator) throws in
      #expect(try locator.locate("a") == "experiments/a.json")
      #expect(locator.availableSpecs() == ["experiments/a.json"])
    }
  }
}
