import LabReport
import Testing

@Suite struct LayoutTests {
  @Test(arguments: [
    ("", 0), ("abc", 3), ("Δ ±", 3), ("é", 1), ("e\u{301}", 1), ("漢字", 4), ("ｗ", 2), ("한글", 4), ("👍", 2), ("👨‍👩‍👧", 2),
    ("❤️", 2), ("█▁", 2), ("\u{1b}[1;32mok\u{1b}[0m", 2), ("a\u{1b}[2m漢\u{1b}[0mb", 4), ("tab\t", 3), ("\u{1b}[", 0),
  ])
  func widthsAreThoseOfATerminal(text: String, width: Int) {
    #expect(text.displayWidth == width)
  }

  @Test func wrapping() {
    #expect("one two three".wrapped(to: 7) == ["one two", "three"])
    #expect("one two three".wrapped(to: 80) == ["one two three"])
    #expect("".wrapped(to: 10) == [""])
    #expect("abcdefgh ij".wrapped(to: 5) == ["abcde", "fgh", "ij"])
    #expect("x: one two three".wrapped(to: 8, hangingIndent: 3) == ["x: one", "   two", "   three"])
    #expect("漢字漢字".wrapped(to: 5) == ["漢字", "漢字"])
  }

  @Test func truncating() {
    #expect("abcdef".truncated(to: 6) == "abcdef")
    #expect("abcdef".truncated(to: 4) == "abc…")
    #expect("漢字漢".truncated(to: 4) == "漢…")
    #expect("abc".truncated(to: 0).isEmpty)
  }

  @Test func singleLines() {
    for text in ["", "a", "a b", "Δ ±"] { #expect(text.singleLine == text) }
    for text in [" a b", "a b ", "a  b", "a\tb"] { #expect(text.singleLine == "a b") }
    #expect(" ".singleLine.isEmpty)
    #expect(" a\n\tb\u{1b}[0m  c\u{7}".singleLine == #"a b\u{1B}[0m c\u{7}"#)
  }

  @Test func aStyleLetsNoOtherSequencesThrough() {
    for style in [Style.plain, .colored] {
      let view =
        style.apply(.best, to: "x") + " \u{1b}[35my\u{1b}]0;title\u{7}\u{1b}" + style.apply(.faint, to: "z\u{301}")
      let expected =
        style.apply(.best, to: "x") + #" \u{1B}[35my\u{1B}]0;title\u{7}\u{1B}"# + style.apply(.faint, to: "z\u{301}")
      #expect(style.printable(view) == expected)
      #expect(style.printable("a\tb\nc\r\n") == "a\tb\nc\\r\n")
    }
    #expect(Style.plain.printable("\u{1b}[1mx\u{1b}[0m") == #"\u{1B}[1mx\u{1B}[0m"#)
    // What follows a colour cannot hide it by joining its last letter.
    #expect(Style.colored.printable("\u{1b}[1m\u{301}x") == "\u{1b}[1m\u{301}x")
  }

  @Test func styleColorsOnlyWhenAsked() {
    #expect(Style.plain.apply(.best, to: "x") == "x")
    #expect(Style.colored.apply(.best, to: "x") == "\u{1b}[1;32mx\u{1b}[0m")
    #expect(Style.colored.apply(nil, to: "x") == "x")
    #expect(Style.colored.apply(.worse, to: "").isEmpty)
  }

  /// Tables of text, numbers and wide characters at every width from absurd to ample.
  @Test(arguments: [1, 10, 20, 25, 30, 41, 60, 80, 120, 200])
  func noLineIsEverTooLong(width: Int) throws {
    let table = ReportTable(
      kind: "test", title: "A title that is a good deal longer than the narrowest of these terminals",
      columns: [
        .init("label", fields: ["label"], wraps: true, legend: "an explanation of some length, so that it has to wrap"),
        .init("value", "in %", fields: ["value"], alignment: .plusMinus),
        .init("漢字", fields: ["other"], alignment: .right, priority: 1),
        .init("last", fields: ["last"], priority: 2),
      ],
      rows: [
        .init([
          .string("odconv-4x, spd, focal"), .init("12.34 ± 0.56", values: [1], role: .best), .init("漢字漢字", values: [2]),
          .string("averyveryverylongwordwithoutanyspaces"),
        ]),
        .init(
          [.string("static"), .init("1.00 ± –", values: [1], notes: [1]), .missing(), .string("x")], isTotal: true),
      ], numberedNotes: ["static: 2/3 · 1 diverged (seed 1: loss NaN at epoch 2)"], notes: ["A note."])
    for style in [Style.plain, .colored] {
      let text = table.rendered(options: .init(width: width, style: style))
      let lines = text.split(separator: "\n").map { $0.displayWidth }
      #expect((lines.max() ?? 0) <= max(width, 20))
      // All lines of the box end at the same cell.
      let box = text.split(separator: "\n").filter { "┌│├└".contains($0.first ?? " ") || $0.contains("│") }
      #expect(Set(box.map(\.displayWidth)).count == 1)
    }
  }

  @Test func colorsDoNotChangeTheText() throws {
    let table = try SweepTables.table(SampleSweep.mixed)
    let colored = table.rendered(options: .init(width: 90, style: .colored))
    #expect(colored.contains("\u{1b}["))
    #expect(
      colored.replacing(/\u{1b}\[[0-9;]*m/, with: "") == table.rendered(options: .init(width: 90, style: .plain)))
  }

  @Test func sparklines() {
    #expect(Sparkline.text([0, 1, 2, 3, 4, 5, 6, 7], width: 8) == "▁▂▃▄▅▆▇█")
    #expect(Sparkline.text([0, 0, 8, 8], width: 2) == "▁█")
    #expect(Sparkline.text([3, 3], width: 8) == "▅▅")
    #expect(Sparkline.text([1, nil, .nan, 2], width: 8) == "▁··█")
    #expect(Sparkline.text([nil, nil], width: 8) == "··")
    #expect(Sparkline.text([], width: 8).isEmpty)
    #expect(Sparkline.text([1], width: 0).isEmpty)
    #expect(Sparkline.text((0..<1000).map { Double($0) }, width: 20).count == 20)
  }
}
