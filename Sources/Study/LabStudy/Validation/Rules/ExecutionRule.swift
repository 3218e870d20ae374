import LabCore

/// The run-time settings fit their schema.
struct ExecutionRule: SpecRule {
  func issues(in context: SpecContext) -> [SpecIssue] {
    context.schema.execution.resolve(context.draft.execution, at: "execution").issues
      .located(in: context.draft.root)
  }
}
