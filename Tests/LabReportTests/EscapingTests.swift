import LabCore
import LabReport
import Testing

/// Texts that would be markup if they were not escaped.
@Suite struct EscapingTests {
  /// A table whose every text has what some format reads as markup.
  private let hostile = ReportTable(
    kind: "test", title: #"50% & <b> "x" 'y'"#,
    columns: [.init("a|b_c", fields: ["a,b"]), .init("#1 {$x$}", fields: ["x"], alignment: .right)],
    rows: [
      .init([.string(#"back\slash ~ ^ `code` *bold* [link]"#), .init("−1 ± 2", values: [.number(-1.5)], role: .best)]),
      .init([.string("say \"hi\", please"), .init("–", values: [.number(.nan)])]),
      .init([.string("<script>alert('x')</script>"), .init("Δ → ≥", values: [true])]),
    ], numberedNotes: ["a & b"], notes: ["100 % <i>"])

  @Test func markdownEscapes() throws {
    #expect(
      hostile.rendered(as: try TableFormats.named("markdown")) == ##"""
        ### 50% &amp; &lt;b&gt; "x" 'y'

        | a\|b\_c | \#1 {$x$} |
        | --- | ---: |
        | back\\slash \~ ^ \`code\` \*bold\* \[link\] | **−1 ± 2** |
        | say "hi", please | – |
        | &lt;script&gt;alert('x')&lt;/script&gt; | Δ → ≥ |

        - ¹ a &amp; b
        - 100 % &lt;i&gt;

        """##)
  }

  @Test func latexEscapes() throws {
    #expect(
      hostile.rendered(as: try TableFormats.named("latex")) == ##"""
        % Needs \usepackage{booktabs}.
        \begin{table}
          \centering
          \caption{50\% \& \textless{}b\textgreater{} \textquotedblright{}x\textquotedblright{} 'y'}
          \label{tab:test-50-b-x-y}
          \begin{tabular}{lr}
            \toprule
            a\textbar{}b\_c & \#1 \{\$x\$\} \\
            \midrule
            back\textbackslash{}slash \textasciitilde{} \textasciicircum{} `code` *bold* [link] & \textbf{$-$1 $\pm$ 2} \\
            say \textquotedblright{}hi\textquotedblright{}, please & -- \\
            \textless{}script\textgreater{}alert('x')\textless{}/script\textgreater{} & $\Delta$ $\to$ $\geq$ \\
            \bottomrule
          \end{tabular}
          \par\smallskip
          \begin{minipage}{\linewidth}\footnotesize
            \textsuperscript{1} a \& b\par
            100 \% \textless{}i\textgreater{}\par
          \end{minipage}
        \end{table}

        """##)
  }

  @Test func latexNamesWhatItNeeds() throws {
    func lines(_ text: String) throws -> [String] {
      let table = ReportTable(
        kind: "test", title: "t", columns: [.init("x", fields: ["x"])], rows: [.init([.string(text)])])
      return table.rendered(as: try TableFormats.named("latex")).split(separator: "\n").map(String.init)
    }
    let plain = try lines("η² = ½, p ≈ 0.05\u{a0}%, H₁, é")
    #expect(plain.first == #"% Needs \usepackage{booktabs}."# && plain[1].hasPrefix(#"\begin{table}"#))
    #expect(
      plain.contains {
        $0.contains(#"$\eta$\textsuperscript{2} = $\frac{1}{2}$, p $\approx$ 0.05"#) && $0.hasSuffix(#"H$_{1}$, é \\"#)
      })
    #expect(try lines("✓").first == #"% Needs \usepackage{booktabs, amssymb}."#)
    #expect(try lines("漢").contains { $0.hasPrefix("% Has letters that pdfLaTeX does not know") })
  }

  @Test func htmlEscapes() throws {
    let html = hostile.rendered(as: try TableFormats.named("html"))
    #expect(html.contains("<title>50% &amp; &lt;b&gt; &quot;x&quot; &#39;y&#39;</title>"))
    #expect(html.contains("<td>&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;</td>"))
    #expect(html.contains("<td class=\"number\"><span class=\"best\"><strong>−1 ± 2</strong></span></td>"))
    #expect(!html.contains("<script>") && !html.contains("<i>") && !html.contains("<b>"))
  }

  @Test func csvEscapes() throws {
    #expect(
      hostile.rendered(as: try TableFormats.named("csv")) == #"""
        "a,b",x
        back\slash ~ ^ `code` *bold* [link],-1.5
        "say ""hi"", please",
        <script>alert('x')</script>,true

        """#)
  }

  @Test func jsonEscapes() throws {
    #expect(
      hostile.rendered(as: try TableFormats.named("json")) == #"""
        {
          "columns": [
            {
              "fields": ["a,b"],
              "legend": null,
              "title": "a|b_c"
            },
            {
              "fields": ["x"],
              "legend": null,
              "title": "#1 {$x$}"
            }
          ],
          "notes": ["a & b", "100 % <i>"],
          "rows": [
            {
              "a,b": "back\\slash ~ ^ `code` *bold* [link]",
              "x": -1.5
            },
            {
              "a,b": "say \"hi\", please",
              "x": null
            },
            {
              "a,b": "<script>alert('x')</script>",
              "x": true
            }
          ],
          "table": "test",
          "title": "50% & <b> \"x\" 'y'"
        }

        """#)
  }

  /// A table whose every text tries to steer what shows it.
  private func steering(_ name: String) -> ReportTable {
    ReportTable(
      kind: "test", title: name, subtitle: name,
      columns: [.init(name, fields: ["name"], legend: name), .init("x", fields: [name], alignment: .right)],
      rows: [.init([.string(name), .init(name, values: [.string(name)], notes: [1])])], numberedNotes: [name],
      notes: [name], metadata: ["name": .string(name)])
  }

  @Test(arguments: [Style.plain, .colored]) func noTextSteersATerminal(_ style: Style) throws {
    let name = "\u{1b}[35mred\u{7}\u{9b}1m\u{7f}\u{202e}x\u{2066}\u{200f}\u{61c}\r\n\u{0}end"
    let table = steering(name)
    for format in TableFormats.registry.entries where !format.keepsTextsVerbatim {
      let text = table.rendered(as: format, options: .init(width: 400, style: style))
      #expect(text == style.printable(text), "\(format.name)")
      #expect(text.contains("35mred"), "\(format.name) must say the name")
    }
    let csv = table.rendered(as: try TableFormats.named("csv"))
    #expect(csv.contains("\"\(name)\""))
    let json = try JSONValue(parsing: table.rendered(as: try TableFormats.named("json")))
    #expect(json["name"]?.stringValue == name)
    #expect(json["rows"]?.arrayValue?.first?[name]?.stringValue == name)
    let bars = BarChart(title: "t", parts: ["p"], bars: [.init(name, values: [3])])
    let drawn = bars.text(width: 100, style: style)
    #expect(drawn == style.printable(drawn))
    let picture = CountFigure(
      bars: bars, scatter: ScatterChart(title: "t", xLabel: "x", yLabel: "y", points: [])
    ).svg()
    #expect(picture == picture.printableLines && picture.contains("35mred"))
  }

  @Test func csvKeepsFullPrecision() throws {
    let third = 1.0 / 3
    let table = ReportTable(
      kind: "test", title: "t", columns: [.init("x", fields: ["x"])],
      rows: [.init([.init("0.33", values: [.number(third)])])])
    let line = table.rendered(as: try TableFormats.named("csv")).split(separator: "\n").last
    #expect(line.map(String.init).flatMap(Double.init) == third)
  }

  @Test func formatsHaveNamesOfTheirOwn() {
    #expect(Set(TableFormats.registry.names).count == TableFormats.registry.entries.count)
    #expect(TableFormats.registry.names.allSatisfy { $0 == $0.lowercased() })
    #expect(TableFormats.registry.names.prefix(1) == ["text"])
  }
}
