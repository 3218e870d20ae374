import LabCore
import LabNN
import LabReport
import LabTrain

/// What is replaced in a model, lesion by lesion, as a user asks for it.
package struct LesionPlan {
  /// What is asked for.
  package struct Options: Sendable {
    /// The names of kinds of parts; all attentions where it is empty.
    package var parts: [String] = []
    /// Patterns of layers; all where it is empty.
    package var layers: [String] = []
    /// The names of what takes the places of parts; each kind's own where it is empty.
    package var replacements: [String] = []
    /// Whether each attention of each layer is a lesion, instead of all attentions of each layer.
    package var isEachPart = false
    /// Whether all parts are one lesion.
    package var isTogether = false

    /// Creates options for all attentions.
    package init() {}
  }

  /// The lesions, with what the rows of tables say of each.
  package private(set) var lesions: [(subject: LesionComparison.Subject, lesion: Lesion)] = []
  /// What results of the lesions are stored by, in the same order.
  package private(set) var keys: [ContentHash] = []
  /// The blocks that were asked for and cannot be replaced.
  package let impossible: [ModelPart]

  /// Decides on the lesions of a model.
  ///
  /// - Throws: ``WorkbenchError`` where a name is unknown, where a model has none of the parts, and where something
  ///   that is asked for has no effect.
  package init(_ options: Options, for model: LesionEvaluator) throws {
    let kinds = try Self.kinds(options.parts)
    let asked = options.replacements.isEmpty ? nil : options.replacements
    try Self.check(asked ?? [], for: kinds)
    func fits(_ path: String) -> Bool {
      options.layers.isEmpty
        || options.layers.contains {
          ParameterGroup.matches($0, path) || ParameterGroup.matches($0 + ".*", path)
        }
    }
    let every = model.parts.filter { kinds.contains($0.kind.isAttention ? .attention($0.kind) : .block) }
    let convolutions = model.convolutions.filter { layer in
      kinds.contains { if case .weights(let kind) = $0 { kind != .kernel || layer.kernels != nil } else { false } }
    }
    try Self.check(options.layers, among: every.map(\.path) + convolutions.map(\.path), kinds, options, model)
    let parts = every.filter { fits($0.path) }
    let attentions = parts.filter(\.kind.isAttention)
    let blocks = parts.filter { $0.kind == .block && model.isReplaceable($0) }
    impossible = parts.filter { !model.isReplaceable($0) }
    let slices = kinds.flatMap { kind -> [WeightSlice] in
      guard case .weights(let kind) = kind else { return [] }
      return convolutions.filter { fits($0.path) }.flatMap { WeightSlice.all(kind, of: $0) }
    }
    guard !attentions.isEmpty || !blocks.isEmpty || !slices.isEmpty else {
      throw WorkbenchError(
        "none of the blocks that were asked for can be left out: the result of each has another shape than its input ("
          + impossible.map(\.path).joined(separator: ", ") + ")")
    }
    let substitutes = Lesion.Substitute.allCases.filter { asked?.contains($0.rawValue) ?? ($0 == .mean) }
    if options.isTogether {
      addTogether(attentions, substitutes, blocks, slices)
    } else {
      for substitute in substitutes where !attentions.isEmpty { add(attentions, by: substitute, options) }
      for block in blocks {
        lesions.append((.init(part: "block", layer: block.path, replacement: "identity"), Lesion(blocks: [block])))
      }
      for slice in slices {
        lesions.append(
          (
            .init(part: "\(slice.kind.rawValue) \(slice.index)", layer: slice.layer.path, replacement: "zero"),
            Lesion(weights: [slice])
          ))
      }
    }
    keys = lesions.map { Self.key(of: $0.lesion, among: model.parts) }
  }

  /// The hash of what a lesion replaces and by what, which another evaluation of the same model finds again.
  private static func key(of lesion: Lesion, among parts: [ModelPart]) -> ContentHash {
    // A layer that is used twice has parts of one name.
    func named(_ part: ModelPart) -> String {
      let namesakes = parts.filter { $0.kind == part.kind && $0.path == part.path }
      return "\(part.kind.rawValue) \(part.path) \(namesakes.firstIndex(of: part) ?? 0)"
    }
    var hasher = ContentHasher()
    for part in lesion.attentions { hasher.update("\(named(part)) \(lesion.substitute.rawValue)") }
    for block in lesion.blocks { hasher.update("\(named(block)) identity") }
    for slice in lesion.weights { hasher.update("\(slice.kind.rawValue) \(slice.index) \(slice.layer.path) zero") }
    return hasher.finish()
  }

  // MARK: Lesions

  /// All at once, each kind, and each layer or each part; what is the same is there once.
  private mutating func add(_ attentions: [ModelPart], by substitute: Lesion.Substitute, _ options: Options) {
    var seen = Set<[ModelPart]>()
    func add(_ parts: [ModelPart], _ list: inout [(subject: LesionComparison.Subject, lesion: Lesion)]) {
      guard seen.insert(parts).inserted else { return }
      list.append((Self.subject(of: parts, by: substitute.rawValue), Lesion(attentions: parts, by: substitute)))
    }
    add(attentions, &lesions)
    for kind in ModelPart.Kind.allCases {
      let members = attentions.filter { $0.kind == kind }
      if !members.isEmpty { add(members, &lesions) }
    }
    for part in attentions {
      add(options.isEachPart ? [part] : attentions.filter { $0.path == part.path }, &lesions)
    }
  }

  private mutating func addTogether(
    _ attentions: [ModelPart], _ substitutes: [Lesion.Substitute], _ blocks: [ModelPart], _ slices: [WeightSlice]
  ) {
    func counted(_ count: Int, _ name: String) -> String? {
      count == 0 ? nil : count == 1 ? "1 \(name)" : "\(count) \(name)s"
    }
    let groups: [(text: String?, replacement: String)] =
      [(counted(blocks.count, "block"), "identity")]
      + WeightSlice.Kind.allCases.map { kind in (counted(slices.count { $0.kind == kind }, kind.rawValue), "zero") }
    let others = groups.compactMap { group in group.text.map { (text: $0, replacement: group.replacement) } }
    let paths = Set(attentions.map(\.path) + blocks.map(\.path) + slices.map(\.layer.path))
    for substitute in attentions.isEmpty ? [.mean] : substitutes {
      let own = counted(attentions.count, "attention").map { [(text: $0, replacement: substitute.rawValue)] } ?? []
      let all = own + others
      var replacements: [String] = []
      for group in all where !replacements.contains(group.replacement) { replacements.append(group.replacement) }
      lesions.append(
        (
          .init(
            part: all.map(\.text).joined(separator: ", "),
            layer: paths.count == 1 ? paths.first ?? "" : "\(paths.count) layers",
            replacement: replacements.joined(separator: ", ")),
          Lesion(attentions: attentions, by: substitute, blocks: blocks, weights: slices)
        ))
    }
  }

  private static func subject(of parts: [ModelPart], by replacement: String) -> LesionComparison.Subject {
    let kinds = Set(parts.map(\.kind))
    let paths = Set(parts.map(\.path))
    return .init(
      part: kinds.count == 1 ? parts[0].kind.rawValue : "all attentions",
      layer: paths.count == 1 ? parts[0].path : "all \(paths.count) layers", replacement: replacement)
  }

  // MARK: Checks

  private static func kinds(_ names: [String]) throws -> [LesionKind] {
    let attentions = LesionKind.all.filter(\.isAttention)
    guard !names.isEmpty else { return attentions }
    let found = try names.flatMap { name -> [LesionKind] in
      if name == LesionKind.attentions { return attentions }
      guard let kind = LesionKind.all.first(where: { $0.name == name }) else {
        throw WorkbenchError(
          "--parts takes \(LesionKind.names.joined(separator: ", ")), but \"\(name)\" was given"
            + NearestName.hint(for: name, among: LesionKind.names))
      }
      return [kind]
    }
    return LesionKind.all.filter(found.contains)
  }

  /// Every replacement is for some kind of part, and every kind of part has one.
  private static func check(_ replacements: [String], for kinds: [LesionKind]) throws {
    let known = ["mean", "one", "random", "identity", "zero"]
    for name in replacements {
      guard known.contains(name) else {
        throw WorkbenchError(
          "--replace takes \(known.joined(separator: ", ")), but \"\(name)\" was given"
            + NearestName.hint(for: name, among: known))
      }
      guard kinds.contains(where: { $0.replacements.contains(name) }) else {
        throw WorkbenchError(
          "\(list(kinds)) cannot be replaced by \(name), but by "
            + known.filter { name in kinds.contains { $0.replacements.contains(name) } }.joined(separator: ", "))
      }
    }
    if !replacements.isEmpty,
      let kind = kinds.first(where: { kind in !replacements.contains(where: kind.replacements.contains) })
    {
      throw WorkbenchError(
        "\(kind.name) can be replaced by \(kind.replacements.joined(separator: ", ")) only, and --replace has "
          + "\(replacements.joined(separator: ", ")): add one of them, or leave \(kind.name) out of --parts")
    }
  }

  private static func list(_ kinds: [LesionKind]) -> String {
    kinds.allSatisfy(\.isAttention) ? LesionKind.attentions : kinds.map(\.name).joined(separator: ", ")
  }

  /// Every pattern of layers has a layer with such a part.
  private static func check(
    _ patterns: [String], among paths: [String], _ kinds: [LesionKind], _ options: Options, _ model: LesionEvaluator
  ) throws {
    guard !paths.isEmpty else {
      let there = LesionTable.kinds(of: model).map(\.name)
      throw WorkbenchError(
        "the model has no \(list(kinds))" + (there.isEmpty ? "" : "; it has \(there.joined(separator: ", "))")
          + ": name them with --parts, and see them with --list")
    }
    for pattern in patterns
    where !paths.contains(where: { ParameterGroup.matches(pattern, $0) || ParameterGroup.matches(pattern + ".*", $0) })
    {
      throw WorkbenchError(
        "no layer with \(list(kinds)) is called \"\(pattern)\"\(NearestName.hint(for: pattern, among: paths)): "
          + "--list shows them")
    }
  }
}
