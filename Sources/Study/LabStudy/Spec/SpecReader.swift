import LabCore

/// Reads a parsed spec into a draft, and reports what has the wrong shape.
struct SpecReader {
  /// The largest count of seeds that a spec may ask for.
  static let largestSeedCount = 1000
  /// What no study needs, and what checking would take minutes for.
  private enum Limits {
    static let factors = 500
    /// The levels of all factors together.
    static let levels = 2000
    static let excluded = 1000
  }

  private let schema: StudySchema
  private var draft: SpecDraft

  /// Reads a spec; never fails, but leaves out what it cannot read.
  static func read(_ root: SourceValue, schema: StudySchema) -> SpecDraft {
    var reader = SpecReader(schema: schema, draft: SpecDraft(root: root))
    reader.read(root)
    return reader.draft
  }

  private mutating func read(_ root: SourceValue) {
    guard root.members != nil else { return expect("an object with the keys of a spec", at: .root, found: root) }
    if let value = root["name"] {
      if let text = value.string {
        draft.name = (text, value.location)
      } else {
        expect("a string", at: "name", found: value)
      }
    }
    if let value = root["description"] {
      if let text = value.string {
        draft.description = text
      } else {
        expect("a string", at: "description", found: value)
      }
    }
    for section in schema.sections { draft.sections[section.name] = root[section.name]?.json }
    if let value = root["execution"] { draft.execution = value.json }
    draft.analysis = root["analysis"]?.json
    readFactors()
    draft.baseline = root["baseline"].flatMap { readAssignment($0, at: "baseline") }
    draft.full = root["full"].flatMap { readAssignment($0, at: "full") }
    readDesign()
    draft.include = limited(
      readAssignments("include"), to: CellSelection.largestDesign, "cells", at: "include")
    draft.exclude = limited(readAssignments("exclude"), to: Limits.excluded, "cells", at: "exclude")
    readSeeds()
  }

  private mutating func expect(_ expected: String, at path: ConfigurationPath, found value: SourceValue) {
    draft.shapeIssues.append(
      SpecIssue(
        at: value.location, keyPath: path, message: "expected \(expected), found \(value.foundDescription)",
        found: value.foundDescription, expected: expected))
  }

  /// The first elements of a list that is longer than any use, which is reported.
  private mutating func limited<Element>(
    _ elements: [Element], to limit: Int, _ noun: String, at path: ConfigurationPath
  ) -> [Element] {
    guard elements.count > limit else { return elements }
    draft.shapeIssues.append(
      SpecIssue(
        at: draft.root.location(of: path, preferKey: true), keyPath: path,
        message: "has \(elements.count) \(noun); expected at most \(limit)", found: "\(elements.count) \(noun)",
        expected: "at most \(limit) \(noun)"))
    return Array(elements.prefix(limit))
  }

  // MARK: Factors

  private mutating func readFactors() {
    guard let factors = draft.root["factors"] else { return }
    guard let members = factors.members else {
      return expect("an object from factor names to levels", at: "factors", found: factors)
    }
    var levelsLeft = Limits.levels
    for member in limited(members, to: Limits.factors, "factors", at: "factors") {
      let path = ConfigurationPath("factors").appending(member.key)
      var factor = SpecDraft.Factor(
        name: member.key, nameLocation: member.keyLocation, location: member.value.location,
        matches: schema.keys(matching: member.key), levels: [])
      switch member.value.content {
      case .array(let elements):
        factor.levels = limited(elements, to: levelsLeft, "levels", at: path).enumerated().map {
          listLevel($1, of: factor, at: path.appending(index: $0))
        }
      case .object(let levels):
        factor.levels = limited(levels, to: levelsLeft, "levels", at: path).map {
          labeledLevel($0, of: factor, at: path.appending($0.key))
        }
      default:
        expect("a list of levels, or an object from labels to levels", at: path, found: member.value)
        continue
      }
      levelsLeft -= factor.levels.count
      draft.factors.append(factor)
    }
  }

  /// A level of the form `["static", "odconv-4x"]`: a value of the factor's key; or, where the factor is named after no
  /// key, an object of the keys to set.
  private func listLevel(
    _ value: SourceValue, of factor: SpecDraft.Factor, at path: ConfigurationPath
  ) -> SpecDraft.Level {
    if factor.matches.isEmpty, let members = value.members {
      let settings = members.flatMap { readSettings($0, at: path) }
      let label = settings.map { setting in
        let key = setting.name.split(separator: ".").last.map(String.init) ?? setting.name
        return "\(key)=\(LevelLabel.text(of: setting.value, key: setting.matches.first))"
      }.joined(separator: ",")
      return SpecDraft.Level(
        label: label, isBareValue: false, location: value.location, keyPath: path, settings: settings)
    }
    return SpecDraft.Level(
      label: LevelLabel.text(of: value, key: factor.key), isBareValue: LevelLabel.isBare(value),
      location: value.location, keyPath: path, settings: [setting(value, of: factor, at: path)])
  }

  /// A level of the form `{"long": {"training.epochs": 10}}` or `{"small": 8}`.
  private func labeledLevel(
    _ member: SourceValue.Member, of factor: SpecDraft.Factor, at path: ConfigurationPath
  ) -> SpecDraft.Level {
    let settings =
      member.value.members?.flatMap { readSettings($0, at: path) } ?? [setting(member.value, of: factor, at: path)]
    return SpecDraft.Level(
      label: member.key, isBareValue: false, location: member.keyLocation, keyPath: path, settings: settings)
  }

  private func setting(
    _ value: SourceValue, of factor: SpecDraft.Factor, at path: ConfigurationPath
  ) -> SpecDraft.Setting {
    SpecDraft.Setting(
      name: factor.name, nameLocation: factor.nameLocation, matches: factor.matches, value: value, keyPath: path,
      isNamedByFactor: true)
  }

  /// The setting that a member of a level names; several where it is a whole section, `{"training": {…}}`.
  private func readSettings(_ member: SourceValue.Member, at path: ConfigurationPath) -> [SpecDraft.Setting] {
    let inner = path.appending(member.key)
    let isWholeValue = schema.keys.contains { $0.path.keys == [member.key] } && member.value["name"] != nil
    if schema.sections.contains(where: { $0.name == member.key }), !isWholeValue, let members = member.value.members {
      return members.map { named("\(member.key).\($0.key)", $0, at: inner.appending($0.key)) }
    }
    return [named(member.key, member, at: inner)]
  }

  private func named(
    _ name: String, _ member: SourceValue.Member, at path: ConfigurationPath
  ) -> SpecDraft.Setting {
    SpecDraft.Setting(
      name: name, nameLocation: member.keyLocation, matches: schema.keys(matching: name), value: member.value,
      keyPath: path, isNamedByFactor: false)
  }

  // MARK: Cells

  private mutating func readAssignment(_ value: SourceValue, at path: ConfigurationPath) -> SpecDraft.Assignment? {
    guard let members = value.members else {
      expect("an object from factors to levels", at: path, found: value)
      return nil
    }
    let entries = members.map {
      SpecDraft.Assignment.Entry(factor: $0.key, factorLocation: $0.keyLocation, value: $0.value)
    }
    return SpecDraft.Assignment(location: value.location, keyPath: path, entries: entries)
  }

  private mutating func readAssignments(_ key: String) -> [SpecDraft.Assignment] {
    guard let value = draft.root[key] else { return [] }
    return readAssignments(value, at: ConfigurationPath(key))
  }

  private mutating func readAssignments(
    _ value: SourceValue, at path: ConfigurationPath
  ) -> [SpecDraft.Assignment] {
    guard let elements = value.elements else {
      expect("a list of objects from factors to levels", at: path, found: value)
      return []
    }
    var assignments: [SpecDraft.Assignment] = []
    for (index, element) in elements.enumerated() {
      if let assignment = readAssignment(element, at: path.appending(index: index)) { assignments.append(assignment) }
    }
    return assignments
  }

  private mutating func readDesign() {
    guard let value = draft.root["design"] else { return }
    switch value.content {
    case .string(let name):
      draft.design = .init(
        name: name, nameLocation: value.location, options: [:], cells: nil, location: value.location)
    case .object:
      guard let name = value["name"], let text = name.string else {
        return expect("the design's name, a string", at: "design.name", found: value["name"] ?? value)
      }
      var options = value.json
      options["name"] = nil
      options["cells"] = nil
      draft.design = .init(
        name: text, nameLocation: name.location, options: options,
        cells: value["cells"].map {
          limited(
            readAssignments($0, at: "design.cells"), to: CellSelection.largestDesign, "cells", at: "design.cells")
        }, location: value.location)
    default: expect("a design's name, or an object with its name and options", at: "design", found: value)
    }
  }

  // MARK: Seeds

  /// The content of a value, where `1.0` means 1 as it does for every other key.
  private static func wholeNumber(_ value: SourceValue) -> SourceValue.Content {
    guard case .number(let number) = value.content, let integer = Int(exactly: number), abs(number) < 0x1p53 else {
      return value.content
    }
    return .integer(integer)
  }

  private mutating func readSeeds() {
    guard let value = draft.root["seeds"] else { return }
    switch SpecReader.wholeNumber(value) {
    case .integer(let count) where (1...SpecReader.largestSeedCount).contains(count):
      draft.seeds = .init(values: (0..<UInt64(count)).map { ($0, value.location) }, location: value.location)
    case .array(let elements):
      var seeds = SpecDraft.Seeds(values: [], location: value.location)
      for (index, element) in elements.enumerated() {
        if case .integer(let seed) = SpecReader.wholeNumber(element), seed >= 0 {
          seeds.values.append((UInt64(seed), element.location))
        } else {
          expect(
            "a seed, an integer of at least 0", at: ConfigurationPath("seeds").appending(index: index), found: element)
        }
      }
      draft.seeds = seeds
    default:
      expect("a list of seeds, or their number from 1 to \(SpecReader.largestSeedCount)", at: "seeds", found: value)
    }
  }
}
