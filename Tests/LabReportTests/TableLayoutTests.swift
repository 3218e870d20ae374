import LabCore
import LabRecords
import LabReport
import LabStats
import Testing

/// The tables that papers print, to the letter.
@Suite struct TableLayoutTests {
  func rendered(
    _ layout: String, _ format: String, _ sweep: Sweep = PartsSweep.sweep, by factors: [String] = [],
    options: ReportOptions = .init(metrics: ["accuracy"]), rendering: TableRenderingOptions = .init(showsLegend: false)
  ) throws -> String {
    try SweepTables.rendered(
      sweep, layout: TableLayouts.named(layout), by: factors, options: options, as: TableFormats.named(format),
      rendering: rendering)
  }

  func message(_ body: () throws -> String) -> String {
    do {
      _ = try body()
      return "no error"
    } catch { return "\(error)" }
  }

  // MARK: Components

  @Test func componentsInText() throws {
    #expect(
      try rendered("components", "text") == #"""
        ablation (sweep 3)
        12 of 12 runs completed
        ┌────┬───────┬───────────────────────────────┬─────────┬───────────┐
        │ se │ focal │                  accuracy % ↑ │  params │ multiply- │
        │    │       │                               │         │      adds │
        ├────┼───────┼───────────────────────────────┼─────────┼───────────┤
        │    │       │ 90.60 ± 0.46                  │ 272.5 k │   40.55 M │
        │    │   ✓   │ 86.10 ± 0.56   (−4.50 ± 0.30) │ 272.5 k │   40.55 M │
        │ ✓  │       │ 93.90 ± 0.41 † (+3.30 ± 0.30) │ 272.5 k │   40.55 M │
        │ ✓  │   ✓   │ 96.00 ± 0.59 * (+5.40 ± 0.30) │ 272.5 k │   40.55 M │
        └────┴───────┴───────────────────────────────┴─────────┴───────────┘
        ✓: se (attention) in place of none; focal (loss) in place of cross-entropy.
        A marked value is the best: the 95 % intervals of its differences to all others lie wholly on the better side of 0 at
        once.
        The second mark (underlined, in italics, or †) is the second best: by the same rule, it leads all others but the best.
        n = 3 runs a variant; mean ± standard deviation over seeds; in parentheses: mean difference to the baseline (baseline),
        blocked by seed, ± half its 95 % interval; all 3 hold at once (Dunnett, residual of all variants, 6 degrees of freedom);
        ↑: higher is better.

        """#)
  }

  @Test func componentsInMarkdown() throws {
    #expect(
      try rendered("components", "markdown", rendering: .init(showsLegend: false, caption: "Parts & more"))
        == #"""
        ### ablation (sweep 3)

        12 of 12 runs completed

        Parts &amp; more

        | se | focal | accuracy % ↑ | params | multiply-adds |
        | :---: | :---: | ---: | ---: | ---: |
        |  |  | 90.60 ± 0.46 | 272.5 k | 40.55 M |
        |  | ✓ | 86.10 ± 0.56 (−4.50 ± 0.30) | 272.5 k | 40.55 M |
        | ✓ |  | *93.90 ± 0.41* (+3.30 ± 0.30) | 272.5 k | 40.55 M |
        | ✓ | ✓ | **96.00 ± 0.59** (+5.40 ± 0.30) | 272.5 k | 40.55 M |

        - ✓: se (attention) in place of none; focal (loss) in place of cross-entropy.
        - A marked value is the best: the 95 % intervals of its differences to all others lie wholly on the better side of 0 at once.
        - The second mark (underlined, in italics, or †) is the second best: by the same rule, it leads all others but the best.
        - n = 3 runs a variant; mean ± standard deviation over seeds; in parentheses: mean difference to the baseline (baseline), blocked by seed, ± half its 95 % interval; all 3 hold at once (Dunnett, residual of all variants, 6 degrees of freedom); ↑: higher is better.

        """#)
  }

  @Test func componentsInLaTeX() throws {
    #expect(
      try rendered("components", "latex") == #"""
        % Needs \usepackage{booktabs, amssymb}.
        \begin{table}
          \centering
          \caption{ablation (sweep 3). 12 of 12 runs completed}
          \label{tab:components-ablation-sweep-3}
          \begin{tabular}{ccrrr}
            \toprule
            se & focal & accuracy \% $\uparrow$ & params & multiply-adds \\
            \midrule
             &  & 90.60 $\pm$ 0.46 & 272.5 k & 40.55 M \\
             & $\checkmark$ & 86.10 $\pm$ 0.56 {\scriptsize ($-$4.50 $\pm$ 0.30)} & 272.5 k & 40.55 M \\
            $\checkmark$ &  & \underline{93.90 $\pm$ 0.41} {\scriptsize (+3.30 $\pm$ 0.30)} & 272.5 k & 40.55 M \\
            $\checkmark$ & $\checkmark$ & \textbf{96.00 $\pm$ 0.59} {\scriptsize (+5.40 $\pm$ 0.30)} & 272.5 k & 40.55 M \\
            \bottomrule
          \end{tabular}
          \par\smallskip
          \begin{minipage}{\linewidth}\footnotesize
            $\checkmark$: se (attention) in place of none; focal (loss) in place of cross-entropy.\par
            A marked value is the best: the 95 \% intervals of its differences to all others lie wholly on the better side of 0 at once.\par
            The second mark (underlined, in italics, or \dag{}) is the second best: by the same rule, it leads all others but the best.\par
            n = 3 runs a variant; mean $\pm$ standard deviation over seeds; in parentheses: mean difference to the baseline (baseline), blocked by seed, $\pm$ half its 95 \% interval; all 3 hold at once (Dunnett, residual of all variants, 6 degrees of freedom); $\uparrow$: higher is better.\par
          \end{minipage}
        \end{table}

        """#)
  }

  @Test func componentsInLaTeXWithSiunitx() throws {
    #expect(
      try rendered(
        "components", "latex",
        rendering: .init(caption: "What 100 % of the parts add", label: "tab:parts", usesSiunitx: true)) == #"""
          % Needs \usepackage{booktabs, siunitx, amssymb}.
          \begin{table}
            \centering
            \caption{What 100 \% of the parts add}
            \label{tab:parts}
            \begin{tabular}{ccS[table-format=2.2, table-number-alignment=right, table-text-alignment=right]@{\,$\pm$\,}S[table-format=1.2, table-number-alignment=left, table-text-alignment=left]@{\,}rrr}
              \toprule
              se & focal & \multicolumn{3}{c}{accuracy \% $\uparrow$} & params & multiply-adds \\
              \midrule
               &  & 90.60 & 0.46 &  & 272.5 k & 40.55 M \\
               & $\checkmark$ & 86.10 & 0.56 & {\scriptsize ($-$4.50 $\pm$ 0.30)} & 272.5 k & 40.55 M \\
              $\checkmark$ &  & {\underline{93.90}} & {\underline{0.41}} & {\scriptsize (+3.30 $\pm$ 0.30)} & 272.5 k & 40.55 M \\
              $\checkmark$ & $\checkmark$ & {\textbf{96.00}} & {\textbf{0.59}} & {\scriptsize (+5.40 $\pm$ 0.30)} & 272.5 k & 40.55 M \\
              \bottomrule
            \end{tabular}
            \par\smallskip
            \begin{minipage}{\linewidth}\footnotesize
              12 of 12 runs completed.\par
              $\checkmark$: se (attention) in place of none; focal (loss) in place of cross-entropy.\par
              A marked value is the best: the 95 \% intervals of its differences to all others lie wholly on the better side of 0 at once.\par
              The second mark (underlined, in italics, or \dag{}) is the second best: by the same rule, it leads all others but the best.\par
              n = 3 runs a variant; mean $\pm$ standard deviation over seeds; in parentheses: mean difference to the baseline (baseline), blocked by seed, $\pm$ half its 95 \% interval; all 3 hold at once (Dunnett, residual of all variants, 6 degrees of freedom); $\uparrow$: higher is better.\par
            \end{minipage}
          \end{table}

          """#)
  }

  @Test func componentsInHTML() throws {
    let text = try rendered("components", "html", rendering: .init(showsLegend: false, caption: "Parts & more"))
    #expect(
      String(text.split(separator: "<div class=\"scroll\">\n")[1]) == #"""
        <table>
        <caption>Parts &amp; more</caption>
        <thead>
        <tr><th scope="col" class="center">se</th><th scope="col" class="center">focal</th><th scope="col" class="number">accuracy % ↑</th><th scope="col" class="number">params</th><th scope="col" class="number">multiply-adds</th></tr>
        </thead>
        <tbody>
        <tr><td class="center"></td><td class="center"></td><td class="number">90.60 ± 0.46</td><td class="number">272.5 k</td><td class="number">40.55 M</td></tr>
        <tr><td class="center"></td><td class="center">✓</td><td class="number">86.10 ± 0.56 <small class="worse">(−4.50 ± 0.30)</small></td><td class="number">272.5 k</td><td class="number">40.55 M</td></tr>
        <tr><td class="center">✓</td><td class="center"></td><td class="number"><span class="second"><u>93.90 ± 0.41</u></span> <small class="better">(+3.30 ± 0.30)</small></td><td class="number">272.5 k</td><td class="number">40.55 M</td></tr>
        <tr><td class="center">✓</td><td class="center">✓</td><td class="number"><span class="best"><strong>96.00 ± 0.59</strong></span> <small class="better">(+5.40 ± 0.30)</small></td><td class="number">272.5 k</td><td class="number">40.55 M</td></tr>
        </tbody>
        </table>
        </div>
        <p class="note">✓: se (attention) in place of none; focal (loss) in place of cross-entropy.</p>
        <p class="note">A marked value is the best: the 95 % intervals of its differences to all others lie wholly on the better side of 0 at once.</p>
        <p class="note">The second mark (underlined, in italics, or †) is the second best: by the same rule, it leads all others but the best.</p>
        <p class="note">n = 3 runs a variant; mean ± standard deviation over seeds; in parentheses: mean difference to the baseline (baseline), blocked by seed, ± half its 95 % interval; all 3 hold at once (Dunnett, residual of all variants, 6 degrees of freedom); ↑: higher is better.</p>
        </body>
        </html>

        """#)
  }

  @Test func componentsForPrograms() throws {
    let csv = try rendered("components", "csv").split(separator: "\n").map(String.init)
    let variants = try rendered("variants", "csv").split(separator: "\n").map(String.init)
    // The same fields as those of the variants, and the same values.
    #expect(Set(csv[0].split(separator: ",")) == Set(variants[0].split(separator: ",")) && csv.count == variants.count)
    let json = try JSONValue(parsing: rendered("components", "json"))
    #expect(json["table"] == "components" && json["footnote"]?.stringValue?.hasPrefix("n = 3 runs a variant; ") == true)
    let rows = json["rows"]?.arrayValue ?? []
    #expect(rows.map { $0["variant"] } == ["baseline", "focal", "se", "se + focal"])
    #expect(rows.map { $0["attention"] } == ["none", "none", "se", "se"])
    #expect(rows.map { $0["test_accuracy_is_best"] } == [false, false, false, true])
    #expect(rows.map { $0["test_accuracy_is_second_best"] } == [false, false, true, false])
    let table = try ComparisonTable(PartsSweep.sweep, options: .init(metrics: ["accuracy"]))
    for (row, expected) in zip(rows, table.rows) {
      #expect(row["test_accuracy_mean"]?.doubleValue == expected.results[0].mean)
      #expect(row["test_accuracy_difference"]?.doubleValue == expected.results[0].difference?.mean)
    }
  }

  @Test func severalLevelsAreNamedAndWhatIsConstantIsSaid() throws {
    let options = ReportOptions(
      metrics: ["accuracy"], filters: [.init(factor: "downsample", level: "strided")],
      sort: .init(column: "test_accuracy"))
    let text = try rendered(
      "components", "text", ReferenceSweep.sweep, options: options, rendering: .init(width: 500, showsLegend: false))
    let lines = text.split(separator: "\n").map(String.init)
    #expect(lines[3].contains("│ conv      │ focal │"), "\(text)")
    // The baseline is first, whatever the order of the others.
    let rows = lines.drop { !$0.hasPrefix("├") }.dropFirst().map(\.self)
    #expect(rows[0].hasPrefix("│ static    │       │ 83.4 ± 0.6 "), "\(text)")
    #expect(rows[1].hasPrefix("│ odconv-4x │       │ 84.0 ± 0.2 "), "\(text)")
    #expect(lines.contains("✓: focal (loss) in place of cross-entropy."), "\(text)")
    #expect(lines.contains("The same in all rows: downsample = strided."), "\(text)")
    #expect(text.contains("│ 78.3 ± 0.9 (−5.0 ± 1.4) │"), "\(text)")
    // All runs are there: what differs by rounding alone needs no note.
    #expect(text.contains("6 of 12 variants shown") && !text.contains("¹"), "\(text)")
  }

  @Test func theMarksStayWhereverDifferencesAreTo() throws {
    let options = ReportOptions(metrics: ["accuracy"], baseline: "se + focal")
    let text = try rendered("components", "text", options: options, rendering: .init(width: 500))
    let rows = text.split(separator: "\n").filter { $0.contains("±") && $0.hasPrefix("│") }
    #expect(rows[0].hasPrefix("│ ✓  │   ✓   │") && rows[1].hasPrefix("│    │       │"), "\(text)")
    #expect(text.contains("mean difference to the baseline (se + focal)"), "\(text)")
  }

  @Test func switchesAndNumbersAreTitledByTheirFactor() throws {
    func title(_ level: String) throws -> String {
      let sweep = SampleSweep.sweep(
        ["off", level].enumerated().map { place, level in
          SampleSweep.variant(
            level, ["mixup": level], isBaseline: place == 0,
            accuracies: [0.8, 0.81, 0.83].map { $0 + 0.01 * Double(place) })
        }, factors: [.init(name: "mixup", levels: ["off", level])])
      let table = try ComponentsTable.first(sweep)
      return table.columns.first { $0.fields == ["mixup"] }?.singleLineTitle ?? ""
    }
    #expect(try title("on") == "mixup" && title("0.2") == "mixup 0.2" && title("strong") == "strong")
  }

  @Test func failuresAndGapsAreShown() throws {
    #expect(
      try rendered("components", "text", SampleSweep.mixed, options: .init(metrics: ["accuracy"], isPaired: true))
        == #"""
        ablation (sweep 3)
        7 of 12 runs completed, 1 diverged, 1 failed, 1 interrupted, 1 running, 1 not started
        ┌───────────┬─────┬───────┬─────────────────────────────────┬─────────┬───────────┐
        │ odconv-4x │ spd │     n │                    accuracy % ↑ │  params │ multiply- │
        │           │     │       │                                 │         │      adds │
        ├───────────┼─────┼───────┼─────────────────────────────────┼─────────┼───────────┤
        │           │     │ 3/3   │ 90.33 ± 0.22                    │ 272.5 k │   40.55 M │
        │           │  ✓  │ 3/3   │ 91.41 ± 0.20 (+1.08 ± 0.11)     │ 365.2 k │   52.01 M │
        │     ✓     │     │ 1/3 ¹ │ 90.88 ± –    (+0.76)        ² ³ │ 1.089 M │   42.91 M │
        │     ✓     │  ✓  │ 0/3 ⁴ │            –                    │       – │         – │
        └───────────┴─────┴───────┴─────────────────────────────────┴─────────┴───────────┘
        ¹ odconv-4x, strided: 1/3 · 1 diverged (seed 1: loss NaN at epoch 2) · 1 running (seed 2: after 4 of 10 epochs)
        ² odconv-4x, strided: 1 pair is too few to judge by
        ³ odconv-4x, strided: Δ accuracy % over 1 pair: 90.88 against the baseline's 90.12; the means in the table are over all
          completed runs
        ⁴ odconv-4x, spd: 0/3 · 1 failed (seed 0: out of memory) · 1 interrupted (seed 1: after 3 of 10 epochs) · 1 not started
          (seed 2)
        ✓: odconv-4x (conv) in place of static; spd (downsample) in place of strided.
        No value is marked as best: the lead over the runner-up cannot be judged: 1 pair is too few to judge by.
        n = 0 to 3 runs a variant; mean ± standard deviation over seeds; in parentheses: mean difference to the baseline
        (static, strided), paired by seed, ± half its 95 % interval, wide enough for all 2 to hold at once (paired t over seeds,
        Bonferroni); ↑: higher is better.

        """#)
  }

  @Test func holmHasAColumn() throws {
    let text = try rendered(
      "components", "markdown", options: .init(metrics: ["accuracy"], multiplicity: .holm, coverage: .perComparison))
    #expect(text.contains("| accuracy % ↑ | p (Holm) |"), "\(text)")
    #expect(text.contains("each by itself (t, residual of all variants, 6 degrees of freedom)"), "\(text)")
    #expect(text.contains("p-values are adjusted by Holm's method over 3 comparisons a metric."), "\(text)")
  }

  // MARK: What would change nothing

  @Test func optionsWithoutEffectAreErrors() throws {
    #expect(
      message { try rendered("components", "text", by: ["loss"]) }
        == "--by has no effect in the layout components: its columns are all factors of the sweep")
    #expect(
      message { try rendered("grid", "text", options: .init(sort: .init(column: "n"))) }
        == "--sort has no effect in the layout grid: rows and columns are in the order of the spec")
    #expect(
      message { try rendered("grid", "text", options: .init(multiplicity: .holm)) }
        == "--holm has no effect in the layout grid: its cells have no room for p-values")
    #expect(
      message { try rendered("grid", "text", by: ["loss"]) }
        == "a grid has one factor in its rows and another in its columns, such as --by conv --by downsample, but 1 was "
        + "given: loss")
    let plain = SampleSweep.sweep([SampleSweep.variant("a", isBaseline: true, accuracies: [0.5, 0.6, 0.7])])
    #expect(
      message { try rendered("components", "text", plain) }
        == "the layout components needs a factor with several levels, and the sweep has none; ask for --layout variants"
    )
    var one = PartsSweep.sweep
    one.factors.removeLast()
    #expect(
      message { try rendered("grid", "text", one) }
        == "the layout grid needs 2 factors with several levels, and the sweep has only attention; ask for "
        + "--layout variants")
    #expect(
      message { try rendered("grid", "csv", options: .init(metrics: ["accuracy", "macro_f1"])) }
        == "--format csv is for one table, and there are 2, one a metric; give one --metric")
    #expect(
      message { try rendered("matrix", "text") }
        == "there is no layout \"matrix\"; there are variants, components, grid")
  }

  @Test func formatsSayWhatTheyCannotDo() throws {
    #expect(
      message { try rendered("components", "markdown", rendering: .init(usesSiunitx: true)) }
        == "--siunitx has no effect with the format markdown; it goes with --format latex")
    #expect(
      message { try rendered("variants", "text", rendering: .init(caption: "x")) }
        == "--caption has no effect with the format text; it goes with --format markdown or latex or html")
    #expect(
      message { try rendered("variants", "html", rendering: .init(label: "x")) }
        == "--label has no effect with the format html; it goes with --format latex")
    #expect(
      message { try rendered("variants", "latex", rendering: .init(label: "a{b}")) }
        == "a label has letters, digits and : - _ . / + only, such as tab:ablation, but \"a{b}\" was given")
    let two = ReportOptions(metrics: ["accuracy", "macro_f1"])
    #expect(
      message { try rendered("grid", "latex", options: two, rendering: .init(label: "x")) }
        == "--label is for one table, and there are 2, one a metric; give one --metric")
  }

  @Test(arguments: TableLayouts.registry.names, ["latex", "markdown", "html", "text", "json"])
  func aLineSaysWhatTheNumbersAre(layout: String, format: String) throws {
    let text = try rendered(layout, format, rendering: .init(width: 500, showsLegend: false))
    #expect(text.contains("n = 3 runs a \(layout == "grid" ? "cell" : "variant"); mean"), "\(text)")
    #expect(text.contains("standard deviation over seeds; "), "\(text)")
    #expect(text.replacing("\\%", with: "%").contains("half its 95 % interval; all 3 hold at once (Dunnett"), "\(text)")
    // Where a legend says it all, the line is left out.
    let withLegend = try rendered(layout, "text", rendering: .init(width: 500, showsLegend: true))
    #expect(withLegend.contains("n = 3 runs") == (layout != "variants"))
  }

  // MARK: The best and the second best

  @Test(arguments: [false, true]) func theSecondBestLeadsAllButTheBest(isPaired: Bool) throws {
    func marks(_ sweep: Sweep) throws -> [String] {
      let table = try ComparisonTable(sweep, options: .init(metrics: ["accuracy"], isPaired: isPaired))
      return table.rows.map { $0.results[0].isBest ? "best" : $0.results[0].isSecondBest ? "second" : "" }
    }
    #expect(try marks(PartsSweep.sweep) == ["", "", "second", "best"])
    // A third that is as good as the second: which of them is second is chance.
    var close = PartsSweep.sweep
    for run in 0..<3 {
      close.variants[1].runs[run].metrics["test_accuracy"] =
        (close.variants[2].runs[run].metrics["test_accuracy"] ?? 0) + [0.002, -0.003, 0.0005][run]
    }
    #expect(try marks(close) == ["", "", "", "best"])
    // Without a best there is no second best.
    var tied = PartsSweep.sweep
    for run in 0..<3 {
      tied.variants[3].runs[run].metrics["test_accuracy"] =
        (tied.variants[2].runs[run].metrics["test_accuracy"] ?? 0) + [0.002, -0.001, 0.0005][run]
    }
    #expect(try marks(tied) == ["", "", "", ""])
    // Two variants have a best at most.
    var two = PartsSweep.sweep
    two.variants.removeSubrange(1...2)
    #expect(try marks(two) == ["", "best"])
    // A variant with a failed run is neither.
    var failed = PartsSweep.sweep
    failed.variants[2].runs.append(SampleSweep.run(3, .failed, reason: "out of memory"))
    #expect(try marks(failed) == ["", "", "", "best"])
  }

  @Test func marksAreExplained() throws {
    let notes = try ComparisonTable(PartsSweep.sweep, options: .init(metrics: ["accuracy"])).table.notes
    #expect(
      notes.prefix(2) == [
        "A marked value is the best: the 95 % intervals of its differences to all others lie wholly on the better side "
          + "of 0 at once.",
        "The second mark (underlined, in italics, or †) is the second best: by the same rule, it leads all others but the "
          + "best.",
      ])
  }

  // MARK: Digits

  @Test(arguments: [
    ("test_accuracy", [0.0179, 0.0179], 1), ("test_accuracy", [0.00996], 1), ("test_accuracy", [0.0012], 2),
    ("test_accuracy", [0.00012], 3), ("test_accuracy", [0.25], 1), ("test_accuracy", [], 2),
    ("test_accuracy", [0.0012, 0.02, 0.03], 1), ("test_log_loss", [0.091], 3), ("test_log_loss", [0.0996], 2),
    ("test_log_loss", [12], 0), ("test_log_loss", [1e-12], 6),
  ])
  func digitsAreThoseThatIntervalsDeserve(metric: String, halfWidths: [Double], decimals: Int) throws {
    #expect(MetricDescription(named: metric).decimals(forHalfWidths: halfWidths, values: [0.5]) == decimals)
  }

  // MARK: Registry

  @Test func layoutsCanBeAdded() throws {
    struct Labels: TableLayout {
      let name = "labels"
      let summary = "labels only"
      func tables(_ sweep: Sweep, by factors: [String], options: ReportOptions) throws(ReportError) -> [ReportTable] {
        [
          ReportTable(
            kind: "labels", title: sweep.name, columns: [.init("variant", fields: ["variant"])],
            rows: sweep.variants.map { .init([.string($0.label)]) })
        ]
      }
    }
    let registry = Registry(copying: TableLayouts.registry)
    try registry.add(Labels())
    #expect(registry.names == ["variants", "components", "grid", "labels"])
    let layout = try #require(registry["labels"])
    #expect(try SweepTables.rendered(PartsSweep.sweep, layout: layout).contains("se + focal"))
    #expect(TableLayouts.registry.entries.allSatisfy { !$0.summary.isEmpty && !$0.summary.hasSuffix(".") })
  }
}

/// The only table of the layout `components`.
private enum ComponentsTable {
  static func first(_ sweep: Sweep) throws -> ReportTable {
    try #require(TableLayouts.named("components").tables(sweep, by: [], options: .init(metrics: ["accuracy"])).first)
  }
}

/// Two parts of which each is worth something, the better one alone almost as much as both.
enum PartsSweep {
  static var sweep: Sweep {
    func variant(_ label: String, _ attention: String, _ loss: String, _ accuracies: [Double]) -> Variant {
      SampleSweep.variant(
        label, ["attention": attention, "loss": loss], isBaseline: label == "baseline", parameters: 272_474,
        multiplyAdds: 40_551_040, accuracies: accuracies)
    }
    return SampleSweep.sweep(
      [
        variant("baseline", "none", "cross-entropy", [0.902, 0.905, 0.911]),
        variant("focal", "none", "focal", [0.855, 0.862, 0.866]),
        variant("se", "se", "cross-entropy", [0.9346, 0.9396, 0.9428]),
        variant("se + focal", "se", "focal", [0.9544, 0.9594, 0.9662]),
      ],
      factors: [
        .init(name: "attention", levels: ["none", "se"]), .init(name: "loss", levels: ["cross-entropy", "focal"]),
      ])
  }
}
