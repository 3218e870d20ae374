import LabCore
import LabRecords
import LabStudy
import Testing

/// One spec with one mistake a rule; the message has to be exactly right, since it is all that a user sees.
@Suite struct SpecRuleTests {
  @Test func theSpecThatTheOthersChangeIsValid() throws {
    let check = checkSpec()
    #expect(check.issues == [])
    #expect(try check.validPlan().cells.count == 12)
  }

  private func expectIssues(
    _ changes: [(String, String?)], _ messages: [String], sourceLocation: Testing.SourceLocation = #_sourceLocation
  ) {
    let check = checkSpec(changes)
    #expect(check.issues.map(\.description) == messages, sourceLocation: sourceLocation)
    #expect((check.plan == nil) == !check.issues.errors.isEmpty, sourceLocation: sourceLocation)
  }

  // MARK: The spec's own keys

  @Test func unknownKeys() {
    expectIssues(
      [("factor", "{}"), ("epochs", "3")],
      [
        "a.json:7:3: factor: unknown key \"factor\"; expected one of the keys name, description, dataset, model, "
          + "training, factors, baseline, full, design, include, exclude, seeds, analysis, execution "
          + "(did you mean \"factors\"?)",
        "a.json:8:3: epochs: unknown key \"epochs\"; expected one of the keys name, description, dataset, model, "
          + "training, factors, baseline, full, design, include, exclude, seeds, analysis, execution. "
          + "The key training.epochs belongs into \"training\".",
      ])
  }

  @Test func names() {
    let rule = "expected a name of letters, digits, \"-\", \"_\" and \".\" that starts with a letter or digit"
    expectIssues([("name", "\"my study\"")], ["a.json:2:11: name: \(rule), found the string \"my study\""])
    expectIssues([("name", "\"../x\"")], ["a.json:2:11: name: \(rule), found the string \"../x\""])
    expectIssues([("name", "3")], ["a.json:2:11: name: expected a string, found 3"])
    expectIssues([("description", "[]")], ["a.json:7:18: description: expected a string, found an empty list"])
  }

  @Test func aSpecIsAnObject() {
    let check = TestSchema.study.check(SpecSource(path: "a.yaml", text: "- 1\n"))
    #expect(
      check.issues.map(\.description).first == "a.yaml:1:1: expected an object with the keys of a spec, found a list")
    #expect(check.plan == nil)
  }

  /// As for every other key, 1.0 is 1.
  @Test func seedsMayBeWrittenAsNumbers() throws {
    for (text, seeds) in [
      ("[1.0, 3e0, 2]", [1, 3, 2]), ("3.0", [0, 1, 2]), ("[0.0]", [0]), ("2e0", [0, 1]),
    ] as [(String, [UInt64])] {
      #expect(try makePlan([("seeds", text)]).seeds == seeds, "\(text)")
    }
    #expect(try makePlan([("seeds", "[1.0, 3]")]).cells == makePlan([("seeds", "[1, 3]")]).cells)
    for text in ["[1.5]", "[-1.0]", "[1e300]", "[\"1\"]"] {
      let check = checkSpec([("seeds", text)])
      #expect(check.plan == nil)
      #expect(
        check.issues.contains { $0.description.contains("seeds[0]: expected a seed, an integer of at least 0") },
        "\(text)")
    }
  }

  // MARK: Sections

  @Test func wrongTypesRangesAndNamesInSections() {
    expectIssues(
      [
        ("training", #"{"learning_rate": "fast", "epochs": 0, "epoch": 3, "batch_size": 1.5}"#),
        ("model", #"{"depth": 7, "conv": {"name": "odconv", "kernel": 4}, "downsample": "pool"}"#),
      ],
      [
        #"a.json:7:33: training.learning_rate: expected a number above 0, found the string "fast""#,
        "a.json:7:51: training.epochs: expected an integer from 1 to 100000, found 0",
        "a.json:7:54: training.epoch: unknown key \"epoch\"; expected one of the keys epochs, batch_size, optimizer, "
          + "learning_rate, schedule, weight_decay, loss, label_smoothing, augmentation, early_stopping, log_every "
          + "(did you mean \"epochs\"?)",
        "a.json:7:80: training.batch_size: expected an integer from 1 to 65536, found 1.5",
        "a.json:8:22: model.depth: expected an integer from 8 to 1202, found 7",
        "a.json:8:52: model.conv.kernel: \"odconv\" has no option \"kernel\"; expected one of the keys kernels, "
          + "reduction, temperature (did you mean \"kernels\"?)",
        "a.json:8:80: model.downsample: expected one of \"strided\", \"spd\", \"maxpool\", \"avgpool\", found the "
          + "string \"pool\"",
      ])
  }

  @Test func requiredKeysMayBeLeftToAFactor() throws {
    expectIssues(
      [("dataset", "{}")],
      [
        "a.json:3:14: dataset.name: is missing; expected one of \"fashion-mnist\", \"synthetic-signs\", \"hdf5\""
      ])
    let plan = try makePlan([
      ("dataset", nil), ("factors", #"{"dataset.name": ["fashion-mnist", "hdf5"]}"#),
      ("baseline", #"{"dataset.name": "hdf5"}"#),
    ])
    #expect(plan.variants.map { $0.configuration["dataset"]?["name"] } == ["hdf5", "fashion-mnist"])
  }

  @Test func executionIsCheckedToo() {
    expectIssues(
      [("execution", #"{"workers": 0, "worker": 1}"#)],
      [
        "a.json:7:28: execution.workers: expected an integer from 1 to 1024, found 0",
        "a.json:7:31: execution.worker: unknown key \"worker\"; expected one of the keys workers, "
          + "checkpoint_every_seconds (did you mean \"workers\"?)",
      ])
  }

  @Test func valuesThatNoCellUses() {
    // The baseline's own value says the same as the baseline.
    expectIssues([("model", #"{"conv": "static"}"#)], [])
    expectIssues(
      [("model", #"{"conv": "odconv-4x"}"#)],
      [
        "a.json:7:13: warning: model.conv: every level of the factor \"conv\" sets this key, so the value here is "
          + "never used"
      ])
  }

  // MARK: Factors

  @Test func factorsOfTheWrongShape() {
    expectIssues(
      [("factors", "[]"), ("baseline", nil)],
      ["a.json:4:14: factors: expected an object from factor names to levels, found an empty list"])
    expectIssues(
      [("factors", #"{"conv": "static", "downsample": ["spd", "strided"]}"#), ("baseline", #"{"downsample": "spd"}"#)],
      [
        "a.json:4:23: factors.conv: expected a list of levels, or an object from labels to levels, found the string \"static\""
      ])
  }

  @Test func factorsThatMeanNoKeyOrSeveral() {
    expectIssues(
      [("factors", #"{"cnov": ["static", "odconv-1x"]}"#), ("baseline", #"{"cnov": "static"}"#)],
      [#"a.json:4:15: factors.cnov: no key is called "cnov" (did you mean "conv"?)"#])
    expectIssues(
      [("factors", #"{"recipe": [1, 2]}"#), ("baseline", #"{"recipe": 1}"#)],
      [
        "a.json:4:15: factors.recipe: no key is called \"recipe\". A factor is named after the key that its levels are "
          + "values of, or each level is an object of the keys that it sets."
      ])
    // The data set and the schedule both have a key of this name.
    expectIssues(
      [("factors", #"{"name": ["hdf5", "step"]}"#), ("baseline", #"{"name": "hdf5"}"#)],
      [#"a.json:4:15: factors.name: "name" could be any of dataset.name, training.schedule.name; write the whole path"#]
    )
    expectIssues(
      [
        ("factors", #"{"recipe": {"a": {"training.epoch": 1}, "b": {"name": "step"}}}"#),
        ("baseline", #"{"recipe": "a"}"#),
      ],
      [
        #"a.json:4:32: factors.recipe.a.training.epoch: unknown key "training.epoch" (did you mean "training.epochs"?)"#,
        #"a.json:4:60: factors.recipe.b.name: "name" could be any of dataset.name, training.schedule.name; write the whole path"#,
      ])
  }

  @Test func labeledObjectsNameTheKeysThatTheySet() {
    expectIssues(
      [("factors", #"{"conv": {"plain": "static", "heavy": {"kernelss_": 8}}}"#), ("baseline", #"{"conv": "plain"}"#)],
      [
        "a.json:4:53: factors.conv.heavy.kernelss_: unknown key \"kernelss_\". A level that is an object names the keys "
          + "that it sets: write { \"model.conv\": { … } }."
      ])
  }

  @Test func emptyFactorsAndSingleLevels() {
    expectIssues(
      [("factors", #"{"conv": [], "downsample": ["spd"]}"#), ("baseline", #"{"downsample": "spd"}"#)],
      [
        "a.json:4:23: factors.conv: the factor has no levels",
        "a.json:4:41: warning: factors.downsample: the factor has one level only and so compares nothing",
        "a.json:5:15: baseline: has no level of the factor \"conv\". Add \"conv\": \"…\".",
      ])
    expectIssues(
      [("factors", #"{"recipe": {"none": {}, "long": {"epochs": 20}}}"#), ("baseline", #"{"recipe": "none"}"#)],
      ["a.json:4:26: warning: factors.recipe.none: the level \"none\" sets nothing and leaves the sections as they are"]
    )
  }

  @Test func repeatedAndEqualLevels() {
    expectIssues(
      [
        (
          "factors",
          #"{"conv": ["static", "odconv-1x", "static", {"name": "odconv"}, {"name": "odconv", "kernels": 4}, "odconv-4x"]}"#
        ),
        ("baseline", #"{"conv": "static"}"#),
      ],
      [
        #"a.json:4:47: factors.conv[2]: the level "static" is listed twice; the first one is in line 4"#,
        #"a.json:4:57: warning: factors.conv[3]: the level "odconv" means the same as "odconv-1x"; equal cells are trained once"#,
        #"a.json:4:111: factors.conv[5]: the level "odconv-4x" is listed twice; the first one is in line 4"#,
      ])
  }

  @Test func levelsThatTheirKeyDoesNotTake() {
    expectIssues(
      [
        (
          "factors",
          #"{"conv": ["static", "odconv-3x", {"name": "odconv", "kernels": 99}], "width": {"thin": 8, "none": 0}, "#
            + #""recipe": {"a": {"epochs": "many"}, "b": {"schedule": {"milestones": [3, 0]}}}}"#
        ), ("baseline", #"{"conv": "static", "width": "thin", "recipe": "a"}"#),
      ],
      [
        "a.json:4:34: factors.conv[1]: expected one of \"static\", \"odconv\", \"odconv-1x\", \"odconv-2x\", "
          + "\"odconv-4x\", \"condconv\", found the string \"odconv-3x\" (did you mean \"odconv-1x\"?)",
        "a.json:4:77: factors.conv[2].kernels: expected an integer from 1 to 16, found 99",
        "a.json:4:112: factors.width.none: expected an integer from 1 to 1024, found 0",
        #"a.json:4:143: factors.recipe.a.epochs: expected an integer from 1 to 100000, found the string "many""#,
        "a.json:4:189: factors.recipe.b.schedule.milestones[1]: expected an integer from 1 to 100000, found 0",
      ])
  }

  @Test func keysThatTwoFactorsSet() {
    expectIssues(
      [
        (
          "factors",
          #"{"conv": ["static", "odconv-1x"], "recipe": {"a": {"model.conv": "static"}, "b": {"epochs": 2, "training.epochs": 3}}}"#
        ), ("baseline", #"{"conv": "static", "recipe": "a"}"#),
      ],
      [
        #"a.json:4:65: factors.recipe: model.conv is set by the factor "conv" too; a key belongs to one factor"#,
        #"a.json:4:109: factors.recipe.b.training.epochs: the level "b" sets training.epochs twice"#,
      ])
  }

  @Test func namesThatCannotSelect() {
    expectIssues(
      [("factors", #"{"seed": {"a": {"epochs": 2}, "b": {"epochs": 3}}}"#), ("baseline", #"{"seed": "a"}"#)],
      [#"a.json:4:15: factors.seed: "seed" cannot name a factor, because it selects cells by other means"#])
    expectIssues(
      [("factors", #"{"a b": {"a": {"epochs": 2}, "b": {"epochs": 3}}}"#), ("baseline", #"{"a b": "a"}"#)],
      [#"a.json:4:15: factors.a b: a factor's name has letters, digits, "-", "_" and "." only, found "a b""#])
  }

  // MARK: Analysis

  @Test func analysesOfUnknownMetricsAndImpossibleEffects() {
    let rule = "expected the name of a metric of which better is known, such as test_accuracy or test_macro_f1"
    expectIssues(
      [("analysis", #"{"metric": "macro_f2"}"#)],
      [
        "a.json:7:26: analysis.metric: \(rule), found the string \"macro_f2\" (did you mean \"test_macro_f1\"?)"
      ])
    expectIssues(
      [("analysis", #"{"metric": "learning_rate"}"#)],
      ["a.json:7:26: analysis.metric: \(rule), found the string \"learning_rate\""])
    expectIssues(
      [("analysis", #"{"metric": "accuracy", "smallest_effect": 0.005}"#)],
      [
        "a.json:7:57: warning: analysis.smallest_effect: is 0.005 points of test_accuracy, which hardly any study can "
          + "tell from nothing; effects of shares are in points, so that 0.5 would be 0.5 points"
      ])
    expectIssues(
      [("analysis", #"{"metric": "accuracy", "smallest_effect": 150}"#)],
      ["a.json:7:57: analysis.smallest_effect: expected points of test_accuracy, a number below 100, found 150"])
    expectIssues(
      [("analysis", #"{"metric": "log_loss", "smallest_effect": 0, "confidence": 95, "comparison": "all"}"#)],
      [
        "a.json:7:57: analysis.smallest_effect: expected a number above 0, found 0",
        "a.json:7:74: analysis.confidence: expected a number of at least 0.5 and below 1, found 95",
        "a.json:7:78: analysis.comparison: unknown key \"comparison\"; expected one of the keys metric, "
          + "smallest_effect, confidence, comparisons, sides (did you mean \"comparisons\"?)",
      ])
    expectIssues([("analysis", "{}")], ["a.json:7:15: analysis.metric: is missing; expected a string"])
    expectIssues(
      [("analysis", #""accuracy""#)], [#"a.json:7:15: analysis: expected an object, found the string "accuracy""#])
  }

  @Test func anAnalysisIsReadWithItsDefaultsAndIsNoPartOfTheMeaning() throws {
    let check = checkSpec([("analysis", #"{"metric": "macro_f1", "smallest_effect": 0.5}"#)])
    #expect(check.issues.isEmpty)
    let plan = try check.validPlan()
    #expect(plan.analysis == AnalysisPlan(metric: "test_macro_f1", smallestEffect: 0.5))
    #expect(plan.analysis?.smallestDifference == 0.005)
    #expect(check.spec?.meaningHash == checkSpec().spec?.meaningHash)
    #expect(try plan.cells == makePlan().cells)
    #expect(try makePlan().analysis == nil)
    let other = try makePlan([
      ("analysis", #"{"metric": "validation_log_loss", "smallest_effect": 0.5, "comparisons": "all", "sides": "one"}"#)
    ])
    let wanted = AnalysisPlan(metric: "validation_log_loss", smallestEffect: 0.5, comparisons: .all, sides: .one)
    #expect(other.analysis == wanted && wanted.smallestDifference == 0.5)
  }
}
