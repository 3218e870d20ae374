import LabCore
import LabRecords

extension ProgramDraft {
  /// The text of the spec.
  ///
  /// - Parameters:
  ///   - name: the study's name.
  ///   - file: the file that it is written to, for the commands in its comments.
  ///   - format: the language to write it in.
  public func text(name: String, file: String, format: SourceFormat) -> String {
    var outline = SpecOutline(format)
    outline.head = [
      "What a program is told, and what differs between its runs: a run is one start of it.", "",
      "  labrun sweep \(file) --dry-run    shows what would be run",
      "  labrun sweep \(file)              runs what is missing, then prints the table",
    ]
    outline.add("name", .string(name))
    outline.add("description", "What is the question?")
    outline.addSection("program", programMembers)
    outline.addSection("parameters", parameterMembers, comment: parameterComment)
    addFactors(to: &outline)
    outline.add("seeds", 3, comment: seedComment)
    return outline.text
  }

  // MARK: Sections

  private var programMembers: [SpecOutline.Member] {
    var members = [
      SpecOutline.Member("command", .value(.array(command.map(JSONValue.string))), above: commandComment)
    ]
    if !subject.sources.isEmpty {
      members.append(
        .init(
          "sources", .value(.array(subject.sources.map(JSONValue.string))),
          above: ["When one of these files changes, runs are run anew."]))
    }
    if !subject.inputs.isEmpty {
      members.append(.init("inputs", .value(.array(subject.inputs.map(JSONValue.string)))))
    }
    guard subject.patterns.isEmpty else {
      members.append(.init("metrics", .members(metricMembers)))
      let patterns = subject.patterns.map(JSONValue.string)
      members.append(.init("pattern", .value(patterns.count == 1 ? patterns[0] : .array(patterns))))
      return members
    }
    let metrics = #"  "metrics": { "test_accuracy": { "better": "higher", "unit": "%" } }"#
    let comments =
      usesClient
      ? ["What every run must end with (% for a share, which is shown in percent):", metrics]
      : [
        "What every run must end with, and how the program prints it (% for what is printed in percent):", metrics,
        #"  "pattern": "test acc: {test_accuracy}""#,
      ]
    members[members.count - 1].below = comments
    return members
  }

  private var metricMembers: [(key: String, value: SpecOutline.Node)] {
    var known: Set<String> = []
    return ProgramCommand(subject.patterns).placeholders.filter { known.insert($0).inserted }.map { name in
      var members: [(key: String, value: SpecOutline.Node)] = [
        ("better", .value(.string(Self.isBetterLower(name) ? "lower" : "higher")))
      ]
      if subject.isPercent { members.append(("unit", .value("%"))) }
      return (name, .members(members))
    }
  }

  private static func isBetterLower(_ name: String) -> Bool {
    switch MetricCatalog.metric(named: MetricName(name).base)?.direction {
    case .lowerIsBetter: true
    case .higherIsBetter: false
    default: name.contains(/loss|error|perplexity|mse|mae|rmse|seconds|latency|distance|nll|wer/)
    }
  }

  private var commandComment: [String] {
    var sentences: [String] = []
    let placed = Set(ProgramCommand(command).placeholders)
    let other = parameters.contains { placed.contains($0.name) } ? " that has no other place" : ""
    if command.contains("{args}") { sentences.append("{args} becomes --name value of every parameter" + other) }
    if command.contains("{hydra}") { sentences.append("{hydra} becomes name=value of every parameter" + other) }
    if command.contains(where: { $0.contains("{seed}") }) { sentences.append("{seed} the seed of a run") }
    if command.contains(where: { $0.contains("{folder}") }) { sentences.append("{folder} its own folder") }
    if subject.help.usesClient { sentences.append("The program asks labrun's client for its parameters") }
    return sentences.isEmpty ? [] : [sentences.joined(separator: ", ") + "."]
  }

  private var parameterComment: [String] {
    var lines = ["The defaults of all runs."]
    if !unfilled.isEmpty { lines.append("What has \"\(Self.placeholder)\" needs a value; nothing is run before.") }
    for (name, reason) in leftOut { lines.append("Left out: \(name): \(reason)".oneLine(110)) }
    return lines
  }

  private var parameterMembers: [SpecOutline.Member] {
    var members: [SpecOutline.Member] = []
    for parameter in parameters {
      let parts = parameter.name.split(separator: ".").map(String.init)
      guard parts.count > 1 else {
        members.append(.init(parameter.name, .value(parameter.value), behind: parameter.comment.oneLine(60)))
        continue
      }
      let index = members.firstIndex { $0.key == parts[0] } ?? members.endIndex
      if index == members.endIndex { members.append(.init(parts[0], .members([]))) }
      members[index].value.insert(.value(parameter.value), at: parts.dropFirst())
    }
    return members
  }

  private func addFactors(to outline: inout SpecOutline) {
    let proposals = factors.dropFirst().map { "  \"\($0.name)\": \(SpecOutline.literal(.array($0.levels)))" }
    guard let factor = factors.first else {
      let example = parameters.first { $0.value.doubleValue != nil && $0.name.contains(/lr|rate/) }
      let name = example?.name ?? "lr"
      outline.addComment([
        "What differs between variants, and which of them is the one that others are compared with, such as:",
        "  \"factors\": { \"\(name)\": [0.1, 0.01] }", "  \"baseline\": { \"\(name)\": 0.1 }",
      ])
      return
    }
    var comment = ["What differs between variants."]
    if !proposals.isEmpty { comment += ["The program has other choices, too:"] + proposals }
    outline.addSection("factors", [.init(factor.name, .value(.array(factor.levels)))], comment: comment)
    outline.addSection(
      "baseline", [.init(factor.name, .value(factor.levels[0]))],
      comment: ["What every other variant is compared with."])
  }

  private var seedComment: [String] {
    var lines = ["Three seeds or more tell a difference from noise."]
    if seedOption == nil, !subject.help.usesClient {
      lines.append(
        "No option of the program is known to take the seed: it has to read LABRUN_SEED, or runs only repeat.")
    }
    return lines
  }
}

extension String {
  /// The text on one line, cut at a length in characters.
  fileprivate func oneLine(_ length: Int) -> String {
    let line = replacing(/\s+/, with: " ")
    return line.count <= length ? line : line.prefix(length - 1) + "…"
  }
}
