import LabCore

/// Selects some of a plan's cells by arguments of the form `conv=odconv-1x,odconv-4x`.
///
/// Levels of one name widen the selection, different names narrow it. Beside the factors, `seed` and `variant` can be
/// named: `seed=0,1`, `variant=baseline`.
struct PlanFilter {
  /// Names that select by something else than a factor's level.
  static let reservedNames = ["seed", "variant"]

  private let plan: Plan
  private var levels: [String: Set<String>] = [:]

  init(_ arguments: [String], plan: Plan) throws(SpecError) {
    self.plan = plan
    for argument in arguments {
      guard let equals = argument.firstIndex(of: "="), equals != argument.startIndex else {
        let first = plan.factors.first.map { "\($0.name)=\($0.levels.first ?? "…")" } ?? "seed=0"
        throw .badFilter(argument, problem: "write a name, \"=\" and levels, such as \(first)", suggestion: nil)
      }
      let name = try name(String(argument[..<equals]), in: argument)
      levels[name, default: []].formUnion(
        try parse(
          String(argument[argument.index(after: equals)...]), among: choices(of: name), name: name, in: argument))
    }
  }

  /// Whether a cell is selected.
  func selects(_ cell: PlanCell) -> Bool {
    levels.allSatisfy { name, levels in
      switch name {
      case "seed": levels.contains(String(cell.seed))
      case "variant": levels.contains(cell.variant.label)
      default: cell.variant.levels[name].map(levels.contains) ?? false
      }
    }
  }

  private func choices(of name: String) -> [String] {
    switch name {
    case "seed": plan.seeds.map(String.init)
    case "variant": plan.variants.map(\.label)
    default: plan.factors.first { $0.name == name }?.levels ?? []
    }
  }

  private func name(_ text: String, in argument: String) throws(SpecError) -> String {
    let names = plan.factors.map(\.name) + PlanFilter.reservedNames
    if names.contains(text) { return text }
    // A factor that is called by its whole path may be selected by the last part.
    let short = names.filter { $0.hasSuffix(".\(text)") }
    if short.count == 1 { return short[0] }
    throw .badFilter(
      argument, problem: "there is no factor \"\(text)\"; expected one of \(names.joined(separator: ", "))",
      suggestion: NearestName.suggestion(for: text, among: names))
  }

  private func parse(
    _ text: String, among choices: [String], name: String, in argument: String
  ) throws(SpecError) -> [String] {
    // A label may itself have a comma.
    if choices.contains(text) { return [text] }
    let parts = PlanFilter.split(text)
    for part in parts where !choices.contains(part) {
      throw .badFilter(
        argument,
        problem: "\"\(part)\" is not a level of \"\(name)\"; expected one of \(choices.joined(separator: ", "))",
        suggestion: NearestName.suggestion(for: part, among: choices))
    }
    return parts
  }

  /// Splits at commas outside brackets: `a,odconv(kernels=8,reduction=0.5)` are two levels.
  private static func split(_ text: String) -> [String] {
    var parts = [""]
    var depth = 0
    for character in text {
      if "([".contains(character) { depth += 1 }
      if ")]".contains(character) { depth -= 1 }
      if character == ",", depth <= 0 { parts.append("") } else { parts[parts.count - 1].append(character) }
    }
    return parts.map { part in
      let text = part.drop(while: \.isWhitespace)
      return String(text[..<(text.lastIndex { !$0.isWhitespace }.map(text.index(after:)) ?? text.startIndex)])
    }
  }
}

extension Plan {
  /// Some of the plan's cells in their order.
  ///
  /// - Parameters:
  ///   - only: arguments of the form `conv=odconv-1x,odconv-4x`; levels of one name widen the selection, different names
  ///     narrow it. Beside factors, `seed=0` and `variant=baseline` select.
  ///   - limit: the largest number of cells, at least 1.
  ///   - isIncluded: whether a cell is one of those that are selected from.
  /// - Throws: ``SpecError/badFilter(_:problem:suggestion:)`` for an unknown name or level, or where no cell is left.
  public func cells(
    only: [String], limit: Int? = nil, where isIncluded: (PlanCell) -> Bool = { _ in true }
  ) throws -> [PlanCell] {
    let filter = try PlanFilter(only, plan: self)
    let selected = cells.filter { filter.selects($0) && isIncluded($0) }
    guard !selected.isEmpty || cells.isEmpty else {
      throw SpecError.badFilter(only.joined(separator: " "), problem: "the plan has no such cell", suggestion: nil)
    }
    guard let limit else { return selected }
    guard limit >= 1 else {
      throw SpecError.badFilter("limit \(limit)", problem: "expected a limit of at least 1", suggestion: nil)
    }
    return Array(selected.prefix(limit))
  }
}
