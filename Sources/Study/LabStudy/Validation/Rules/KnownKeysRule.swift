import LabCore

/// Every key of the spec itself is one that specs have.
struct KnownKeysRule: SpecRule {
  func issues(in context: SpecContext) -> [SpecIssue] {
    var names = SpecKey.allCases.map(\.rawValue)
    // Sections are listed where their place in a spec is: after name and description.
    names.insert(contentsOf: context.schema.sections.map(\.name), at: 3)
    let expected = "one of the keys " + names.dropFirst().joined(separator: ", ")
    return (context.draft.root.members ?? []).filter { !names.contains($0.key) }.enumerated().map { index, member in
      // What was meant takes long to find, and nobody reads more of it than this.
      let isExplained = index < SpecIssue.mostExplained
      return SpecIssue(
        at: member.keyLocation, keyPath: ConfigurationPath([.key(member.key)]),
        message: "unknown key \"\(member.key)\"; expected \(expected)", found: "the key \"\(member.key)\"",
        expected: expected, suggestion: isExplained ? NearestName.suggestion(for: member.key, among: names) : nil,
        hint: isExplained ? home(of: member.key, in: context) : nil)
    }
  }

  /// Where a key belongs that was written outside its section.
  private func home(of name: String, in context: SpecContext) -> String? {
    let homes = context.schema.keys(matching: name).filter { $0.variants.isEmpty && $0.path.keys.count == 2 }
    guard homes.count == 1 else { return nil }
    return "The key \(homes[0].path) belongs into \"\(homes[0].path.keys[0])\"."
  }
}
