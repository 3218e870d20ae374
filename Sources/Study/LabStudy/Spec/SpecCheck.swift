import LabCore

/// What checking a spec gave: a plan to run, or everything that is wrong.
public struct SpecCheck: Sendable {
  /// The text that was checked.
  public var source: SpecSource
  /// The spec; nil where there are errors in it.
  public var spec: StudySpec?
  /// The plan; nil where there are errors.
  public var plan: Plan?
  /// All errors and warnings in the order of the file.
  public var issues: [SpecIssue]

  /// The plan.
  ///
  /// - Throws: ``SpecError/invalid(path:issues:)`` where there are errors.
  public func validPlan() throws -> Plan {
    guard let plan else { throw SpecError.invalid(path: source.path, issues: issues) }
    return plan
  }

  /// The issues as a compiler would print them: a line each, with the line of the spec and a mark below it.
  ///
  /// Errors come before warnings where there are too many for all of them; the rest is counted.
  public func report() -> String {
    let lines = source.text.split(omittingEmptySubsequences: false) { $0.isNewline }
    let (shown, rest) = issues.forPrinting()
    return
      (shown.map { issue in
        ([issue.description] + (issue.excerpt(of: lines).map { [$0] } ?? [])).joined(separator: "\n")
      } + (rest.map { ["\(source.path): \($0)"] } ?? [])).joined(separator: "\n")
  }
}

extension StudySchema {
  /// Checks a spec and multiplies it out.
  ///
  /// Nothing is trained or read beside the spec's text. All mistakes are reported at once; what depends on every part
  /// of the spec (the cells, and `checkVariant`) is looked at when the parts are right.
  ///
  /// - Parameters:
  ///   - source: the spec.
  ///   - substitute: replaces a variant's resolved configuration where something else is to be trained, such as other
  ///     data; what it leaves out has its default.
  ///   - checkVariant: finds what only the whole program can know of a variant, such as a graph whose shapes do not
  ///     fit. An issue without a location gets that of the level or key that set its `keyPath`, which is a path of the
  ///     configuration such as `model.conv`; the same issue of several variants is reported once.
  public func check(
    _ source: SpecSource, substitute: (JSONValue) -> JSONValue = { $0 },
    checkVariant: (ResolvedVariant) -> [SpecIssue] = { _ in [] }
  ) -> SpecCheck {
    let parse = source.parse()
    guard let root = parse.value else { return SpecCheck(source: source, issues: parse.issues) }
    let schema = schema(of: root)
    let draft = SpecReader.read(root, schema: schema)
    let context = SpecContext(draft: draft, schema: schema)
    var issues = parse.issues + draft.shapeIssues + SpecRules.all.flatMap { $0.issues(in: context) }
    var check = SpecCheck(source: source, issues: [])
    if issues.errors.isEmpty, let spec = StudySpec(context, source: source), let selection = context.selection {
      check.spec = spec
      let builder = PlanBuilder(context: context, spec: spec, selection: selection)
      let (plan, planIssues) = builder.build(substitute: substitute, checkVariant: checkVariant)
      issues += planIssues
      if issues.errors.isEmpty { check.plan = plan }
    }
    for index in issues.indices { issues[index].file = issues[index].file ?? source.path }
    check.issues = issues.inFileOrder()
    return check
  }
}
