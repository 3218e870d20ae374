import LabCore
import LabStudy
import Testing

/// Rules on the baseline, the design, and the cells.
@Suite struct SpecCellRuleTests {
  private func expectIssues(
    _ changes: [(String, String?)], _ messages: [String], sourceLocation: Testing.SourceLocation = #_sourceLocation
  ) {
    let check = checkSpec(changes)
    #expect(check.issues.map(\.description) == messages, sourceLocation: sourceLocation)
    #expect((check.plan == nil) == !check.issues.errors.isEmpty, sourceLocation: sourceLocation)
  }

  // MARK: Baseline and full model

  @Test func missingBaselines() {
    expectIssues(
      [("baseline", nil)],
      [
        "a.json:4:3: baseline: is missing; it names the level of each factor that the others are compared with. "
          + "Write \"baseline\": { \"conv\": \"static\", \"downsample\": \"strided\" }."
      ])
    expectIssues(
      [("baseline", #"{"conv": "static"}"#)],
      ["a.json:5:15: baseline: has no level of the factor \"downsample\". Add \"downsample\": \"strided\"."])
    expectIssues(
      [("baseline", #""static""#)],
      ["a.json:5:15: baseline: expected an object from factors to levels, found the string \"static\""])
  }

  @Test func baselinesOfUnknownFactorsAndLevels() {
    expectIssues(
      [("baseline", #"{"conv": "odconv-8x", "down": "spd", "downsample": ["strided", "spd"]}"#)],
      [
        #"a.json:5:24: baseline.conv: "odconv-8x" is not a level of "conv"; expected one of "static", "odconv-1x", "odconv-4x" (did you mean "odconv-1x"?)"#,
        #"a.json:5:37: baseline.down: unknown factor "down"; expected one of the factors conv, downsample"#,
        #"a.json:5:66: baseline.downsample: expected one level of "downsample", found a list of 2 levels"#,
      ])
    expectIssues(
      [("factors", nil)],
      [
        #"a.json:4:16: baseline.conv: unknown factor "conv"; expected no factor, since the spec has none"#,
        #"a.json:4:34: baseline.downsample: unknown factor "downsample"; expected no factor, since the spec has none"#,
      ])
  }

  @Test func fullModels() {
    expectIssues(
      [("design", #""leave-one-out""#)],
      [
        "a.json:7:13: full: is missing; the design \"leave-one-out\" starts from the full model, which has to be named "
          + "where a factor has more than two levels"
      ])
    expectIssues(
      [("design", #""leave-one-out""#), ("full", #"{"conv": "static"}"#)],
      ["a.json:8:11: full: the full model is the baseline; name the levels that it has beyond it"])
    expectIssues(
      [("full", #"{"conv": "odconv-4x"}"#)],
      ["a.json:7:3: warning: full: the design \"factorial\" makes no use of the full model"])
    // A level can be named by another way to write its value.
    expectIssues([("design", #""add-one-in""#), ("full", #"{"conv": "odconv"}"#)], [])
  }

  // MARK: Design

  @Test func designs() {
    expectIssues(
      [("design", #""factorail""#)],
      [
        "a.json:7:13: design: expected one of \"factorial\", \"one-factor-at-a-time\", \"leave-one-out\", "
          + "\"add-one-in\", \"add-and-leave-out\", \"pairs\", \"list\", found the string \"factorail\" (did you mean \"factorial\"?)"
      ])
    expectIssues(
      [("design", #"{"name": "pairs", "cells": [], "depth": 2}"#)],
      [
        #"a.json:7:31: design.cells: the design "pairs" takes no cells of its own; "include" adds cells to any design"#,
        #"a.json:7:44: design.depth: unknown key "depth""#,
      ])
    expectIssues(
      [("design", #""list""#)],
      [
        "a.json:7:13: design: the design \"list\" needs a list of cells, each an object from factors to levels. "
          + "Write \"design\": { \"name\": \"list\", \"cells\": [ { … }, … ] }."
      ])
    expectIssues(
      [("design", "3")],
      ["a.json:7:13: design: expected a design's name, or an object with its name and options, found 3"])
    expectIssues(
      [("design", #"{"cells": []}"#)],
      ["a.json:7:13: design.name: expected the design's name, a string, found an object"])
  }

  // MARK: Cells

  @Test func cellsOfUnknownFactorsAndLevels() {
    expectIssues(
      [
        ("design", #"{"name": "list", "cells": [{"conv": "odconv-9x"}, {}]}"#), ("include", #"[{"convs": "static"}]"#),
        ("exclude", #"[{"downsample": ["spd", "pooled"]}, {}, 3]"#),
      ],
      [
        #"a.json:7:49: design.cells[0].conv: "odconv-9x" is not a level of "conv"; expected one of "static", "odconv-1x", "odconv-4x" (did you mean "odconv-1x"?)"#,
        #"a.json:8:16: include[0].convs: unknown factor "convs"; expected one of the factors conv, downsample (did you mean "conv"?)"#,
        #"a.json:9:38: exclude[0].downsample: "pooled" is not a level of "downsample"; expected one of "strided", "spd""#,
        "a.json:9:50: exclude[1]: names no factor and so would exclude every cell",
        "a.json:9:54: exclude[2]: expected an object from factors to levels, found 3",
      ])
  }

  @Test func cellsThatChangeNothing() {
    expectIssues(
      [
        ("design", #""one-factor-at-a-time""#), ("exclude", #"[{"conv": "odconv-4x", "downsample": "spd"}]"#),
        ("include", #"[{"conv": "odconv-4x"}]"#),
      ],
      [
        "a.json:8:15: warning: exclude[0]: matches no cell of the design and excludes nothing",
        "a.json:9:15: warning: include[0]: is a cell of the design already and adds nothing",
      ])
  }

  @Test func plansWithoutCellsOrBaseline() {
    expectIssues(
      [("exclude", #"[{"downsample": ["spd", "strided"]}]"#)], ["a.json:7:3: exclude: excludes every cell"])
    expectIssues(
      [("exclude", #"[{"conv": "static"}]"#)],
      [
        "a.json:5:3: warning: baseline: the baseline is not among the cells, so there is nothing that they can be "
          + "compared with"
      ])
  }

  @Test func plansBeyondAnyUse() {
    let levels = (1...101).map(String.init).joined(separator: ",")
    expectIssues(
      [
        ("factors", #"{"epochs": [\#(levels)], "width": [\#(levels)]}"#), ("baseline", #"{"epochs": 1, "width": 1}"#),
        ("design", #""factorial""#),
      ],
      [
        "a.json:7:3: design: the design \"factorial\" has more than 10000 cells. Take out levels, or choose another "
          + "design."
      ])
    expectIssues(
      [
        ("factors", #"{"epochs": [\#(levels)]}"#), ("baseline", #"{"epochs": 1}"#), ("seeds", "1000"),
      ], ["a.json:6:3: seeds: 101 cells with these seeds are 101000 runs"])
    expectIssues(
      [
        ("factors", #"{"epochs": [\#(levels)], "width": [\#(levels)]}"#), ("baseline", #"{"epochs": 1, "width": 1}"#),
        ("design", #""pairs""#), ("exclude", #"[{"epochs": 2, "width": 2}]"#),
        ("include", #"[{"epochs": [\#(levels)], "width": [\#(levels)]}]"#),
      ], ["a.json:9:14: include: lists more than 10000 cells"])
  }

  // MARK: Seeds

  @Test func seeds() {
    expectIssues([("seeds", "[]")], ["a.json:6:12: seeds: the list of seeds is empty"])
    expectIssues([("seeds", "[0, 1, 0]")], ["a.json:6:19: seeds[2]: the seed 0 is listed twice"])
    expectIssues(
      [("seeds", "[-1, 1.5]")],
      [
        "a.json:6:13: seeds[0]: expected a seed, an integer of at least 0, found -1",
        "a.json:6:17: seeds[1]: expected a seed, an integer of at least 0, found 1.5",
      ])
    expectIssues(
      [("seeds", "0")], ["a.json:6:12: seeds: expected a list of seeds, or their number from 1 to 1000, found 0"])
    expectIssues(
      [("seeds", "\"all\"")],
      ["a.json:6:12: seeds: expected a list of seeds, or their number from 1 to 1000, found the string \"all\""])
  }
}
