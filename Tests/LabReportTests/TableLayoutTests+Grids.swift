import LabCore
import LabReport
import Testing

/// A factor in rows and another in columns.
extension TableLayoutTests {
  @Test func gridInText() throws {
    #expect(
      try rendered("grid", "text") == #"""
        ablation (sweep 3): accuracy % ↑ by attention and loss
        ┌───────────┬───────────────────────────────┬───────────────────────────────┐
        │ attention │                          loss │                          loss │
        │           │                 cross-entropy │                         focal │
        ├───────────┼───────────────────────────────┼───────────────────────────────┤
        │ none      │ 90.60 ± 0.46                  │ 86.10 ± 0.56   (−4.50 ± 0.30) │
        │ se        │ 93.90 ± 0.41 † (+3.30 ± 0.30) │ 96.00 ± 0.59 * (+5.40 ± 0.30) │
        └───────────┴───────────────────────────────┴───────────────────────────────┘
        A marked value is the best: the 95 % intervals of its differences to all others lie wholly on the better side of 0 at
        once.
        The second mark (underlined, in italics, or †) is the second best: by the same rule, it leads all others but the best.
        n = 3 runs a cell; mean ± standard deviation over seeds; in parentheses: mean difference to none, cross-entropy, blocked
        by seed, ± half its 95 % interval; all 3 hold at once (Dunnett, residual of all variants, 6 degrees of freedom); ↑:
        higher is better.

        """#)
  }

  @Test func gridInMarkdown() throws {
    #expect(
      try rendered("grid", "markdown") == #"""
        ### ablation (sweep 3): accuracy % ↑ by attention and loss

        | attention | loss cross-entropy | loss focal |
        | --- | ---: | ---: |
        | none | 90.60 ± 0.46 | 86.10 ± 0.56 (−4.50 ± 0.30) |
        | se | *93.90 ± 0.41* (+3.30 ± 0.30) | **96.00 ± 0.59** (+5.40 ± 0.30) |

        - A marked value is the best: the 95 % intervals of its differences to all others lie wholly on the better side of 0 at once.
        - The second mark (underlined, in italics, or †) is the second best: by the same rule, it leads all others but the best.
        - n = 3 runs a cell; mean ± standard deviation over seeds; in parentheses: mean difference to none, cross-entropy, blocked by seed, ± half its 95 % interval; all 3 hold at once (Dunnett, residual of all variants, 6 degrees of freedom); ↑: higher is better.

        """#)
  }

  @Test func gridInLaTeXWithSiunitx() throws {
    #expect(
      try rendered("grid", "latex", rendering: .init(usesSiunitx: true)) == #"""
        % Needs \usepackage{booktabs, siunitx}.
        \begin{table}
          \centering
          \caption{ablation (sweep 3): accuracy \% $\uparrow$ by attention and loss}
          \label{tab:grid-ablation-sweep-3-accuracy-by-attention-and-loss}
          \begin{tabular}{lS[table-format=2.2, table-number-alignment=right, table-text-alignment=right]@{\,$\pm$\,}S[table-format=1.2, table-number-alignment=left, table-text-alignment=left]@{\,}rS[table-format=2.2, table-number-alignment=right, table-text-alignment=right]@{\,$\pm$\,}S[table-format=1.2, table-number-alignment=left, table-text-alignment=left]@{\,}r}
            \toprule
             & \multicolumn{6}{c}{loss} \\
            \cmidrule(lr){2-7}
            attention & \multicolumn{3}{c}{cross-entropy} & \multicolumn{3}{c}{focal} \\
            \midrule
            none & 90.60 & 0.46 &  & 86.10 & 0.56 & {\scriptsize ($-$4.50 $\pm$ 0.30)} \\
            se & {\underline{93.90}} & {\underline{0.41}} & {\scriptsize (+3.30 $\pm$ 0.30)} & {\textbf{96.00}} & {\textbf{0.59}} & {\scriptsize (+5.40 $\pm$ 0.30)} \\
            \bottomrule
          \end{tabular}
          \par\smallskip
          \begin{minipage}{\linewidth}\footnotesize
            A marked value is the best: the 95 \% intervals of its differences to all others lie wholly on the better side of 0 at once.\par
            The second mark (underlined, in italics, or \dag{}) is the second best: by the same rule, it leads all others but the best.\par
            n = 3 runs a cell; mean $\pm$ standard deviation over seeds; in parentheses: mean difference to none, cross-entropy, blocked by seed, $\pm$ half its 95 \% interval; all 3 hold at once (Dunnett, residual of all variants, 6 degrees of freedom); $\uparrow$: higher is better.\par
          \end{minipage}
        \end{table}

        """#)
  }

  @Test func gridInHTML() throws {
    let text = try rendered("grid", "html")
    #expect(
      String(text.split(separator: "<div class=\"scroll\">\n")[1]) == #"""
        <table>
        <thead>
        <tr><td></td><th scope="colgroup" colspan="2" class="center">loss</th></tr>
        <tr><th scope="col">attention</th><th scope="col" class="number">cross-entropy</th><th scope="col" class="number">focal</th></tr>
        </thead>
        <tbody>
        <tr><td>none</td><td class="number">90.60 ± 0.46</td><td class="number">86.10 ± 0.56 <small class="worse">(−4.50 ± 0.30)</small></td></tr>
        <tr><td>se</td><td class="number"><span class="second"><u>93.90 ± 0.41</u></span> <small class="better">(+3.30 ± 0.30)</small></td><td class="number"><span class="best"><strong>96.00 ± 0.59</strong></span> <small class="better">(+5.40 ± 0.30)</small></td></tr>
        </tbody>
        </table>
        </div>
        <p class="note">A marked value is the best: the 95 % intervals of its differences to all others lie wholly on the better side of 0 at once.</p>
        <p class="note">The second mark (underlined, in italics, or †) is the second best: by the same rule, it leads all others but the best.</p>
        <p class="note">n = 3 runs a cell; mean ± standard deviation over seeds; in parentheses: mean difference to none, cross-entropy, blocked by seed, ± half its 95 % interval; all 3 hold at once (Dunnett, residual of all variants, 6 degrees of freedom); ↑: higher is better.</p>
        </body>
        </html>

        """#)
  }

  @Test func gridWithGaps() throws {
    var sweep = SampleSweep.mixed
    sweep.variants.removeLast()
    #expect(
      try rendered("grid", "text", sweep, options: .init(metrics: ["accuracy"], isPaired: true)) == #"""
        ablation (sweep 3): accuracy % ↑ by conv and downsample
        ┌───────────┬────────────────────────────┬─────────────────────────────┐
        │ conv      │                 downsample │                  downsample │
        │           │                    strided │                         spd │
        ├───────────┼────────────────────────────┼─────────────────────────────┤
        │ static    │ 90.33 ± 0.22               │ 91.41 ± 0.20 (+1.08 ± 0.11) │
        │ odconv-4x │ 90.88 ± –    (+0.76) ¹ ² ³ │            –                │
        └───────────┴────────────────────────────┴─────────────────────────────┘
        ¹ odconv-4x, strided: 1/3 · 1 diverged (seed 1: loss NaN at epoch 2) · 1 running (seed 2: after 4 of 10 epochs)
        ² odconv-4x, strided: 1 seed is too few to judge by
        ³ odconv-4x, strided: Δ accuracy % over 1 pair: 90.88 against the baseline's 90.12; the means in the table are over all
          completed runs
        No value is marked as best: the lead over the runner-up cannot be judged: 1 pair is too few to judge by.
        Not in the sweep: odconv-4x × spd.
        n = 1 to 3 runs a cell; mean ± standard deviation over seeds; in parentheses: mean difference to static, strided, paired
        by seed, ± half its 95 % interval, wide enough for all 2 to hold at once (paired t over seeds, Bonferroni); ↑: higher is
        better.

        """#)
  }

  @Test func gridsAverageOverTheOtherFactors() throws {
    let table = try FactorTable(
      ReferenceSweep.sweep, by: ["conv", "loss"], options: .init(metrics: ["accuracy"]), comparing: .cells)
    // Fixtures/make_factors.R: the mean differences of the cells, their standard error and critical value.
    let expected = [-5.083333333333, -0.033333333333, -4.891666666667, 0.7, -4.783333333333]
    #expect(table.rows.map(\.isBaseline) == [true, false, false, false, false, false])
    for (index, (row, expected)) in zip(table.rows.dropFirst(), expected).enumerated() {
      let difference = try #require(row.results[0].difference)
      #expect(abs(100 * difference.mean - expected) < 1e-9)
      // The runs of spd + focal, a part of the first one, vary more.
      #expect(difference.method == (index == 0 ? .moderatedDunnett : .dunnett))
      let width = 100 * (difference.interval?.halfWidth ?? 0)
      #expect(index == 0 ? width > 1 : abs(width - 2.71308 * 0.32174622506) < 1e-4, "\(width)")
    }
    let text = try rendered(
      "grid", "text", ReferenceSweep.sweep, by: ["conv", "loss"], rendering: .init(width: 500, showsLegend: false))
    #expect(
      text.contains(
        "Each cell is the mean over 2 combinations of the other factors (downsample), with the same weight"),
      "\(text)")
    #expect(text.contains("n = 6 runs a cell; mean of the cells' means ± standard deviation over all runs"), "\(text)")
    #expect(text.contains("all 5 hold at once (Dunnett, residual of all variants, 22 degrees of freedom;"), "\(text)")
  }

  @Test func gridsForPrograms() throws {
    let json = try JSONValue(parsing: rendered("grid", "json"))
    #expect(json["table"] == "grid" && json["metric"] == "test_accuracy" && json["by"] == ["attention", "loss"])
    #expect(json["column_levels"] == ["cross-entropy", "focal"])
    let rows = json["rows"]?.arrayValue ?? []
    #expect(rows.map { $0["attention"] } == ["none", "se"])
    #expect(rows[1]["focal_test_accuracy_is_best"] == true && rows[1]["focal_n_completed"] == 3)
    #expect(rows[0]["cross-entropy_test_accuracy_difference"] == .null)
    #expect(try rendered("grid", "csv").split(separator: "\n").count == 3)
    // A table a metric.
    let two = ReportOptions(metrics: ["accuracy", "macro_f1"])
    let document = try JSONValue(parsing: rendered("grid", "json", options: two))
    #expect(document["report"] == "grid" && document["sections"]?.arrayValue?.count == 2)
    for format in ["text", "markdown", "html", "latex"] {
      let text = try rendered("grid", format, options: two)
      #expect(text.contains("accuracy") && text.contains("macro F1"), "\(format)")
    }
  }
}
