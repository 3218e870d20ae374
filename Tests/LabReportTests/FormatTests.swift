import LabCore
import LabRecords
import LabReport
import Testing

/// What every format makes of the same sweep, to the letter.
@Suite struct FormatTests {
  private func rendered(
    _ format: String, width: Int = 120, showsLegend: Bool = true, options: ReportOptions = .init()
  ) throws -> String {
    var options = options
    (options.isPaired, options.coverage) = (true, .perComparison)
    return try SweepTables.table(SampleSweep.mixed, options: options)
      .rendered(as: TableFormats.named(format), options: .init(width: width, showsLegend: showsLegend))
  }

  @Test func textAt120Cells() throws {
    #expect(
      try rendered("text") == #"""
        ablation (sweep 3)
        7 of 12 runs completed, 1 diverged, 1 failed, 1 interrupted, 1 running, 1 not started
        ┌────────────────────┬───────┬──────────────┬──────────────────┬──────────────┬──────────────────┬─────────┬───────────┐
        │ variant            │     n │   accuracy % │     Δ accuracy % │   macro F1 % │     Δ macro F1 % │  params │ multiply- │
        │                    │       │              │                  │              │                  │         │      adds │
        ├────────────────────┼───────┼──────────────┼──────────────────┼──────────────┼──────────────────┼─────────┼───────────┤
        │ static, strided    │ 3/3   │ 90.33 ± 0.22 │     baseline     │ 90.21 ± 0.19 │     baseline     │ 272.5 k │   40.55 M │
        │ static, spd        │ 3/3   │ 91.41 ± 0.20 │ +1.08 ± 0.08     │ 91.31 ± 0.21 │ +1.09 ± 0.05     │ 365.2 k │   52.01 M │
        │ odconv-4x, strided │ 1/3 ¹ │ 90.88 ± –    │ +0.76 ± –    ² ³ │ 90.79 ± –    │ +0.76 ± –    ² ³ │ 1.089 M │   42.91 M │
        │ odconv-4x, spd     │ 0/3 ⁴ │            – │            –     │            – │            –     │       – │         – │
        └────────────────────┴───────┴──────────────┴──────────────────┴──────────────┴──────────────────┴─────────┴───────────┘
        ¹ odconv-4x, strided: 1/3 · 1 diverged (seed 1: loss NaN at epoch 2) · 1 running (seed 2: after 4 of 10 epochs)
        ² odconv-4x, strided: 1 pair is too few to judge by
        ³ odconv-4x, strided: Δ accuracy % over 1 pair: 90.88 against the baseline's 90.12; Δ macro F1 % over 1 pair: 90.79
          against the baseline's 90.03; the means in the table are over all completed runs
        ⁴ odconv-4x, spd: 0/3 · 1 failed (seed 0: out of memory) · 1 interrupted (seed 1: after 3 of 10 epochs) · 1 not started
          (seed 2)
        No value is marked as best: the lead over the runner-up cannot be judged: 1 pair is too few to judge by.
        Not shown at this width: train time, images/s.

        variant                     levels of conv, downsample
        n                           completed of planned runs
        accuracy %, macro F1 %      mean ± standard deviation over seeds; higher is better
        Δ accuracy %, Δ macro F1 %  mean difference to the baseline (static, strided), paired by seed, ± half its 95 % interval
                                    (paired t over seeds)
        params                      trainable parameters
        multiply-adds               multiply-adds of one image's forward pass

        """#)
  }

  @Test func textAt60Cells() throws {
    #expect(
      try rendered("text", width: 60, showsLegend: false) == #"""
        ablation (sweep 3)
        7 of 12 runs completed, 1 diverged, 1 failed, 1 interrupted,
        1 running, 1 not started
        ┌────────────────┬───────┬──────────────┬──────────────────┐
        │ variant        │     n │   accuracy % │     Δ accuracy % │
        ├────────────────┼───────┼──────────────┼──────────────────┤
        │ static,        │ 3/3   │ 90.33 ± 0.22 │     baseline     │
        │ strided        │       │              │                  │
        │ static, spd    │ 3/3   │ 91.41 ± 0.20 │ +1.08 ± 0.08     │
        │ odconv-4x,     │ 1/3 ¹ │ 90.88 ± –    │ +0.76 ± –    ² ³ │
        │ strided        │       │              │                  │
        │ odconv-4x, spd │ 0/3 ⁴ │            – │            –     │
        └────────────────┴───────┴──────────────┴──────────────────┘
        ¹ odconv-4x, strided: 1/3 · 1 diverged (seed 1: loss NaN at
          epoch 2) · 1 running (seed 2: after 4 of 10 epochs)
        ² odconv-4x, strided: 1 pair is too few to judge by
        ³ odconv-4x, strided: Δ accuracy % over 1 pair: 90.88
          against the baseline's 90.12; Δ macro F1 % over 1 pair:
          90.79 against the baseline's 90.03; the means in the table
          are over all completed runs
        ⁴ odconv-4x, spd: 0/3 · 1 failed (seed 0: out of memory) · 1
          interrupted (seed 1: after 3 of 10 epochs) · 1 not started
          (seed 2)
        No value is marked as best: the lead over the runner-up
        cannot be judged: 1 pair is too few to judge by.
        n = 0 to 3 runs a variant; mean ± standard deviation over
        seeds; Δ: mean difference to the baseline (static, strided),
        paired by seed, ± half its 95 % interval (paired t over
        seeds).
        Not shown at this width: macro F1 %, Δ macro F1 %, params,
        multiply-adds, train time, images/s.

        """#)
  }

  @Test func textAt80Cells() throws {
    #expect(
      try rendered("text", width: 80, showsLegend: false) == #"""
        ablation (sweep 3)
        7 of 12 runs completed, 1 diverged, 1 failed, 1 interrupted, 1 running, 1 not
        started
        ┌────────────────────┬───────┬──────────────┬──────────────────┬──────────────┐
        │ variant            │     n │   accuracy % │     Δ accuracy % │   macro F1 % │
        ├────────────────────┼───────┼──────────────┼──────────────────┼──────────────┤
        │ static, strided    │ 3/3   │ 90.33 ± 0.22 │     baseline     │ 90.21 ± 0.19 │
        │ static, spd        │ 3/3   │ 91.41 ± 0.20 │ +1.08 ± 0.08     │ 91.31 ± 0.21 │
        │ odconv-4x, strided │ 1/3 ¹ │ 90.88 ± –    │ +0.76 ± –    ² ³ │ 90.79 ± –    │
        │ odconv-4x, spd     │ 0/3 ⁴ │            – │            –     │            – │
        └────────────────────┴───────┴──────────────┴──────────────────┴──────────────┘
        ¹ odconv-4x, strided: 1/3 · 1 diverged (seed 1: loss NaN at epoch 2) · 1 running
          (seed 2: after 4 of 10 epochs)
        ² odconv-4x, strided: 1 pair is too few to judge by
        ³ odconv-4x, strided: Δ accuracy % over 1 pair: 90.88 against the baseline's
          90.12; Δ macro F1 % over 1 pair: 90.79 against the baseline's 90.03; the means
          in the table are over all completed runs
        ⁴ odconv-4x, spd: 0/3 · 1 failed (seed 0: out of memory) · 1 interrupted (seed
          1: after 3 of 10 epochs) · 1 not started (seed 2)
        No value is marked as best: the lead over the runner-up cannot be judged: 1 pair
        is too few to judge by.
        n = 0 to 3 runs a variant; mean ± standard deviation over seeds; Δ: mean
        difference to the baseline (static, strided), paired by seed, ± half its 95 %
        interval (paired t over seeds).
        Not shown at this width: Δ macro F1 %, params, multiply-adds, train time,
        images/s.

        """#)
  }

  @Test func textAt200Cells() throws {
    #expect(
      try rendered("text", width: 200, showsLegend: false) == #"""
        ablation (sweep 3)
        7 of 12 runs completed, 1 diverged, 1 failed, 1 interrupted, 1 running, 1 not started
        ┌────────────────────┬───────┬──────────────┬──────────────────┬──────────────┬──────────────────┬─────────┬───────────┬─────────┬──────────┐
        │ variant            │     n │   accuracy % │     Δ accuracy % │   macro F1 % │     Δ macro F1 % │  params │ multiply- │   train │ images/s │
        │                    │       │              │                  │              │                  │         │      adds │    time │          │
        ├────────────────────┼───────┼──────────────┼──────────────────┼──────────────┼──────────────────┼─────────┼───────────┼─────────┼──────────┤
        │ static, strided    │ 3/3   │ 90.33 ± 0.22 │     baseline     │ 90.21 ± 0.19 │     baseline     │ 272.5 k │   40.55 M │  61.3 s │    5,119 │
        │ static, spd        │ 3/3   │ 91.41 ± 0.20 │ +1.08 ± 0.08     │ 91.31 ± 0.21 │ +1.09 ± 0.05     │ 365.2 k │   52.01 M │  80.1 s │    3,920 │
        │ odconv-4x, strided │ 1/3 ¹ │ 90.88 ± –    │ +0.76 ± –    ² ³ │ 90.79 ± –    │ +0.76 ± –    ² ³ │ 1.089 M │   42.91 M │ 2.2 min │    2,401 │
        │ odconv-4x, spd     │ 0/3 ⁴ │            – │            –     │            – │            –     │       – │         – │       – │        – │
        └────────────────────┴───────┴──────────────┴──────────────────┴──────────────┴──────────────────┴─────────┴───────────┴─────────┴──────────┘
        ¹ odconv-4x, strided: 1/3 · 1 diverged (seed 1: loss NaN at epoch 2) · 1 running (seed 2: after 4 of 10 epochs)
        ² odconv-4x, strided: 1 pair is too few to judge by
        ³ odconv-4x, strided: Δ accuracy % over 1 pair: 90.88 against the baseline's 90.12; Δ macro F1 % over 1 pair: 90.79 against the baseline's 90.03; the means in the table are over all completed runs
        ⁴ odconv-4x, spd: 0/3 · 1 failed (seed 0: out of memory) · 1 interrupted (seed 1: after 3 of 10 epochs) · 1 not started (seed 2)
        No value is marked as best: the lead over the runner-up cannot be judged: 1 pair is too few to judge by.
        n = 0 to 3 runs a variant; mean ± standard deviation over seeds; Δ: mean difference to the baseline (static, strided), paired by seed, ± half its 95 % interval (paired t over seeds).

        """#)
  }

  @Test func markdown() throws {
    #expect(
      try rendered("markdown") == #"""
        ### ablation (sweep 3)

        7 of 12 runs completed, 1 diverged, 1 failed, 1 interrupted, 1 running, 1 not started

        | variant | n | accuracy % | Δ accuracy % | macro F1 % | Δ macro F1 % | params | multiply-adds | train time | images/s |
        | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |
        | static, strided | 3/3 | 90.33 ± 0.22 | baseline | 90.21 ± 0.19 | baseline | 272.5 k | 40.55 M | 61.3 s | 5,119 |
        | static, spd | 3/3 | 91.41 ± 0.20 | +1.08 ± 0.08 | 91.31 ± 0.21 | +1.09 ± 0.05 | 365.2 k | 52.01 M | 80.1 s | 3,920 |
        | odconv-4x, strided | 1/3 ¹ | 90.88 ± – | +0.76 ± – ² ³ | 90.79 ± – | +0.76 ± – ² ³ | 1.089 M | 42.91 M | 2.2 min | 2,401 |
        | odconv-4x, spd | 0/3 ⁴ | – | – | – | – | – | – | – | – |

        - ¹ odconv-4x, strided: 1/3 · 1 diverged (seed 1: loss NaN at epoch 2) · 1 running (seed 2: after 4 of 10 epochs)
        - ² odconv-4x, strided: 1 pair is too few to judge by
        - ³ odconv-4x, strided: Δ accuracy % over 1 pair: 90.88 against the baseline's 90.12; Δ macro F1 % over 1 pair: 90.79 against the baseline's 90.03; the means in the table are over all completed runs
        - ⁴ odconv-4x, spd: 0/3 · 1 failed (seed 0: out of memory) · 1 interrupted (seed 1: after 3 of 10 epochs) · 1 not started (seed 2)
        - No value is marked as best: the lead over the runner-up cannot be judged: 1 pair is too few to judge by.

        - **variant**: levels of conv, downsample
        - **n**: completed of planned runs
        - **accuracy %, macro F1 %**: mean ± standard deviation over seeds; higher is better
        - **Δ accuracy %, Δ macro F1 %**: mean difference to the baseline (static, strided), paired by seed, ± half its 95 % interval (paired t over seeds)
        - **params**: trainable parameters
        - **multiply-adds**: multiply-adds of one image's forward pass
        - **train time**: mean training time of a completed run
        - **images/s**: mean training throughput of completed runs

        """#)
  }

  @Test func latex() throws {
    #expect(
      try rendered("latex") == #"""
        % Needs \usepackage{booktabs}.
        \begin{table}
          \centering
          \caption{ablation (sweep 3). 7 of 12 runs completed, 1 diverged, 1 failed, 1 interrupted, 1 running, 1 not started}
          \label{tab:comparison-ablation-sweep-3}
          \begin{tabular}{lrrrrrrrrr}
            \toprule
            variant & n & accuracy \% & $\Delta$ accuracy \% & macro F1 \% & $\Delta$ macro F1 \% & params & multiply-adds & train time & images/s \\
            \midrule
            static, strided & 3/3 & 90.33 $\pm$ 0.22 & baseline & 90.21 $\pm$ 0.19 & baseline & 272.5 k & 40.55 M & 61.3 s & 5,119 \\
            static, spd & 3/3 & 91.41 $\pm$ 0.20 & +1.08 $\pm$ 0.08 & 91.31 $\pm$ 0.21 & +1.09 $\pm$ 0.05 & 365.2 k & 52.01 M & 80.1 s & 3,920 \\
            odconv-4x, strided & 1/3\textsuperscript{1} & 90.88 $\pm$ -- & +0.76 $\pm$ --\textsuperscript{2, 3} & 90.79 $\pm$ -- & +0.76 $\pm$ --\textsuperscript{2, 3} & 1.089 M & 42.91 M & 2.2 min & 2,401 \\
            odconv-4x, spd & 0/3\textsuperscript{4} & -- & -- & -- & -- & -- & -- & -- & -- \\
            \bottomrule
          \end{tabular}
          \par\smallskip
          \begin{minipage}{\linewidth}\footnotesize
            \textsuperscript{1} odconv-4x, strided: 1/3 $\cdot$ 1 diverged (seed 1: loss NaN at epoch 2) $\cdot$ 1 running (seed 2: after 4 of 10 epochs)\par
            \textsuperscript{2} odconv-4x, strided: 1 pair is too few to judge by\par
            \textsuperscript{3} odconv-4x, strided: $\Delta$ accuracy \% over 1 pair: 90.88 against the baseline's 90.12; $\Delta$ macro F1 \% over 1 pair: 90.79 against the baseline's 90.03; the means in the table are over all completed runs\par
            \textsuperscript{4} odconv-4x, spd: 0/3 $\cdot$ 1 failed (seed 0: out of memory) $\cdot$ 1 interrupted (seed 1: after 3 of 10 epochs) $\cdot$ 1 not started (seed 2)\par
            No value is marked as best: the lead over the runner-up cannot be judged: 1 pair is too few to judge by.\par
            n = 0 to 3 runs a variant; mean $\pm$ standard deviation over seeds; $\Delta$: mean difference to the baseline (static, strided), paired by seed, $\pm$ half its 95 \% interval (paired t over seeds).\par
          \end{minipage}
        \end{table}

        """#)
  }

  // MARK: A sweep with a best value

  private let complete = ReportOptions(
    metrics: ["accuracy"], filters: [.init(factor: "conv", level: "static")], multiplicity: .holm)

  @Test func textWithABestValue() throws {
    #expect(
      try rendered("text", options: complete) == #"""
        ablation (sweep 3)
        6 of 6 runs completed, 2 of 4 variants shown
        ┌─────────────────┬─────┬────────────────┬──────────────┬────────┬─────────┬───────────┬────────┬──────────┐
        │ variant         │   n │     accuracy % │ Δ accuracy % │      p │  params │ multiply- │  train │ images/s │
        │                 │     │                │              │ (Holm) │         │      adds │   time │          │
        ├─────────────────┼─────┼────────────────┼──────────────┼────────┼─────────┼───────────┼────────┼──────────┤
        │ static, strided │ 3/3 │ 90.33 ± 0.22   │     baseline │        │ 272.5 k │   40.55 M │ 61.3 s │    5,119 │
        │ static, spd     │ 3/3 │ 91.41 ± 0.20 * │ +1.08 ± 0.08 │ <0.001 │ 365.2 k │   52.01 M │ 80.1 s │    3,920 │
        └─────────────────┴─────┴────────────────┴──────────────┴────────┴─────────┴───────────┴────────┴──────────┘
        A marked value is the best: the 95 % interval of its paired difference to the runner-up lies wholly on the better side
        of 0.

        variant        levels of conv, downsample
        n              completed of planned runs
        accuracy %     mean ± standard deviation over seeds; higher is better
        Δ accuracy %   mean difference to the baseline (static, strided), paired by seed, ± half its 95 % interval (paired t
                       over seeds)
        p (Holm)       p-value of the difference (paired t over seeds), adjusted for the number of comparisons
        params         trainable parameters
        multiply-adds  multiply-adds of one image's forward pass
        train time     mean training time of a completed run
        images/s       mean training throughput of completed runs

        """#)
  }

  @Test func markdownWithABestValue() throws {
    #expect(
      try rendered("markdown", showsLegend: false, options: complete) == #"""
        ### ablation (sweep 3)

        6 of 6 runs completed, 2 of 4 variants shown

        | variant | n | accuracy % | Δ accuracy % | p (Holm) | params | multiply-adds | train time | images/s |
        | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |
        | static, strided | 3/3 | 90.33 ± 0.22 | baseline |  | 272.5 k | 40.55 M | 61.3 s | 5,119 |
        | static, spd | 3/3 | **91.41 ± 0.20** | +1.08 ± 0.08 | &lt;0.001 | 365.2 k | 52.01 M | 80.1 s | 3,920 |

        - A marked value is the best: the 95 % interval of its paired difference to the runner-up lies wholly on the better side of 0.
        - n = 3 runs a variant; mean ± standard deviation over seeds; Δ: mean difference to the baseline (static, strided), paired by seed, ± half its 95 % interval (paired t over seeds).

        """#)
  }

  @Test func latexWithABestValue() throws {
    #expect(
      try rendered("latex", options: complete) == #"""
        % Needs \usepackage{booktabs}.
        \begin{table}
          \centering
          \caption{ablation (sweep 3). 6 of 6 runs completed, 2 of 4 variants shown}
          \label{tab:comparison-ablation-sweep-3}
          \begin{tabular}{lrrrrrrrr}
            \toprule
            variant & n & accuracy \% & $\Delta$ accuracy \% & p (Holm) & params & multiply-adds & train time & images/s \\
            \midrule
            static, strided & 3/3 & 90.33 $\pm$ 0.22 & baseline &  & 272.5 k & 40.55 M & 61.3 s & 5,119 \\
            static, spd & 3/3 & \textbf{91.41 $\pm$ 0.20} & +1.08 $\pm$ 0.08 & \textless{}0.001 & 365.2 k & 52.01 M & 80.1 s & 3,920 \\
            \bottomrule
          \end{tabular}
          \par\smallskip
          \begin{minipage}{\linewidth}\footnotesize
            A marked value is the best: the 95 \% interval of its paired difference to the runner-up lies wholly on the better side of 0.\par
            n = 3 runs a variant; mean $\pm$ standard deviation over seeds; $\Delta$: mean difference to the baseline (static, strided), paired by seed, $\pm$ half its 95 \% interval (paired t over seeds).\par
          \end{minipage}
        \end{table}

        """#)
  }

  @Test func htmlWithABestValue() throws {
    #expect(
      try String(rendered("html", options: complete).split(separator: "</head>\n")[1]) == #"""
        <body>
        <h1>ablation (sweep 3)</h1>
        <p>6 of 6 runs completed, 2 of 4 variants shown</p>
        <div class="scroll">
        <table>
        <thead>
        <tr><th scope="col">variant</th><th scope="col" class="number">n</th><th scope="col" class="number">accuracy %</th><th scope="col" class="number">Δ accuracy %</th><th scope="col" class="number">p (Holm)</th><th scope="col" class="number">params</th><th scope="col" class="number">multiply-adds</th><th scope="col" class="number">train time</th><th scope="col" class="number">images/s</th></tr>
        </thead>
        <tbody>
        <tr><td>static, strided</td><td class="number">3/3</td><td class="number">90.33 ± 0.22</td><td class="number"><span class="faint">baseline</span></td><td class="number"></td><td class="number">272.5 k</td><td class="number">40.55 M</td><td class="number">61.3 s</td><td class="number">5,119</td></tr>
        <tr><td>static, spd</td><td class="number">3/3</td><td class="number"><span class="best"><strong>91.41 ± 0.20</strong></span></td><td class="number"><span class="better">+1.08 ± 0.08</span></td><td class="number">&lt;0.001</td><td class="number">365.2 k</td><td class="number">52.01 M</td><td class="number">80.1 s</td><td class="number">3,920</td></tr>
        </tbody>
        </table>
        </div>
        <p class="note">A marked value is the best: the 95 % interval of its paired difference to the runner-up lies wholly on the better side of 0.</p>
        <dl>
        <dt>variant</dt><dd>levels of conv, downsample</dd>
        <dt>n</dt><dd>completed of planned runs</dd>
        <dt>accuracy %</dt><dd>mean ± standard deviation over seeds; higher is better</dd>
        <dt>Δ accuracy %</dt><dd>mean difference to the baseline (static, strided), paired by seed, ± half its 95 % interval (paired t over seeds)</dd>
        <dt>p (Holm)</dt><dd>p-value of the difference (paired t over seeds), adjusted for the number of comparisons</dd>
        <dt>params</dt><dd>trainable parameters</dd>
        <dt>multiply-adds</dt><dd>multiply-adds of one image&#39;s forward pass</dd>
        <dt>train time</dt><dd>mean training time of a completed run</dd>
        <dt>images/s</dt><dd>mean training throughput of completed runs</dd>
        </dl>
        </body>
        </html>

        """#)
  }

  @Test func htmlIsAPageOfItsOwn() throws {
    let page = try rendered("html")
    #expect(page.hasPrefix("<!DOCTYPE html>\n<html lang=\"en\">\n"))
    #expect(page.hasSuffix("</body>\n</html>\n"))
    #expect(!page.contains("http") && !page.contains("<script") && !page.contains("<link"))
    #expect(page.contains("<td class=\"number\"><span class=\"failure\">1/3</span><sup>1</sup></td>"))
    #expect(page.contains("<ol class=\"notes\">\n<li>odconv-4x, strided: 1/3 · 1 diverged"))
  }

  @Test func csvHasAColumnAField() throws {
    let lines = try rendered("csv", options: .init(metrics: ["accuracy"])).split(separator: "\n").map(String.init)
    #expect(
      lines[0]
        == "variant,is_baseline,conv,downsample,n_completed,n_planned,n_diverged,n_failed,n_interrupted,n_running,"
        + "n_not_started,n_missing,problems,test_accuracy_mean,test_accuracy_sd,test_accuracy_n,test_accuracy_is_best,"
        + "test_accuracy_is_second_best,"
        + "test_accuracy_difference,test_accuracy_difference_lower,test_accuracy_difference_upper,"
        + "test_accuracy_difference_pairs,test_accuracy_difference_tied_pairs,test_accuracy_difference_p,"
        + "test_accuracy_difference_p_simultaneous,test_accuracy_difference_method,test_accuracy_difference_cohen_dz,test_accuracy_difference_hedges_g,"
        + "test_accuracy_difference_caveat,test_accuracy_paired_mean,test_accuracy_paired_baseline_mean,"
        + "parameters,multiply_adds,train_seconds,images_per_second")
    #expect(
      lines[3] == "\"odconv-4x, strided\",false,odconv-4x,strided,1,3,1,0,0,1,0,0,"
        + "1 diverged (seed 1: loss NaN at epoch 2) · 1 running (seed 2: after 4 of 10 epochs),"
        + "0.9088,,1,false,false,0.007600000000000051,,,1,0,,,,,,1 pair is too few to judge by,0.9088,0.9012,1089116,42910115,"
        + "130.2,2401")
    #expect(
      lines[4] == "\"odconv-4x, spd\",false,odconv-4x,spd,0,3,0,1,1,0,1,0,"
        + "1 failed (seed 0: out of memory) · 1 interrupted (seed 1: after 3 of 10 epochs) · 1 not started (seed 2),"
        + ",,0,false,false,,,,,,,,,,,,,,,,,")
  }

  @Test func jsonHasRowsByFieldName() throws {
    let json = try JSONValue(parsing: rendered("json", options: complete))
    #expect(json["table"] == "comparison" && json["title"] == "ablation (sweep 3)")
    #expect(
      json["sweep"] == [
        "baseline": "static, strided", "created_at": "2023-11-14T22:13:20Z", "id": 3, "name": "ablation",
        "seeds": [0, 1, 2],
      ])
    #expect(json["confidence_level"] == .number(0.95) && json["multiplicity"] == "holm")
    let rows = json["rows"]?.arrayValue ?? []
    #expect(rows.map { $0["variant"] } == ["static, strided", "static, spd"])
    #expect(rows.map { $0["is_baseline"] } == [true, false])
    #expect(rows.map { $0["conv"] } == ["static", "static"])
    #expect(rows[0]["test_accuracy_difference"] == .null)
    #expect(rows[1]["test_accuracy_mean"] == .number(0.9141))
    #expect(rows[1]["test_accuracy_difference_p_adjusted"] == rows[1]["test_accuracy_difference_p"])
    #expect(rows[1]["test_accuracy_is_best"] == true)
    #expect(json["columns"]?.arrayValue?.first?["fields"] == ["variant", "is_baseline"])
    #expect(json["notes"]?.arrayValue?.count == 1)
  }
}
