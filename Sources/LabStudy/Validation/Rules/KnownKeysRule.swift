import LabCore

/// Every key of the spec itself is one that specs have.
struct KnownKeysRule: SpecRule {
  func issues(in context: SpecContext) -> [SpecIssue] {
    var names = SpecKey.allCases.map(\.rawValue)
    // Sections are listed where their place in a spec is: after name and description.
    names.insert(contentsOf: context.schema.sections.map(\.name), at: 3)
    return (context.draft.root.members ?? []).filter { !names.contains($0.key) }.map { member in
      let expected = "one of the keys " + names.dropFirst().joined(separator: ", ")
      return SpecIssue(
        at: member.keyLocation, keyPath: ConfigurationPath([.key(member.key)]),
        message: "unknown key \"\(member.key)\"; expected \(expected)", found: "the key \"\(member.key)\"",
        expected: expected, suggestion: NearestName.suggestion(for: member.key, among: names),
        hint: home(of: member.key, in: context))
    }
  }

  /// Where a key belongs that was written outside its section.
  private func home(of name: String, in context: SpecContext) -> String? {
    let homes = context.schema.keys(matching: name).filter { $0.variants.isEmpty && $0.path.keys.count == 2 }
    guard homes.count == 1 else { return nil }
    return "The key \(homes[0].path) belongs into \"\(homes[0].path.keys[0])\"."
  }
}
