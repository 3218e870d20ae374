import LabCore
import Testing

@Suite struct PrintableTextTests {
  @Test func whatSteersATerminalIsMadeVisible() {
    let escapes: [(String, String)] = [
      ("\u{1b}[31m", #"\u{1B}[31m"#), ("\u{7}", #"\u{7}"#), ("\0", #"\u{0}"#), ("\u{7f}", #"\u{7F}"#),
      ("\u{85}", #"\u{85}"#), ("\u{9b}", #"\u{9B}"#), ("\u{61c}", #"\u{61C}"#), ("\u{200e}", #"\u{200E}"#),
      ("\u{200f}", #"\u{200F}"#), ("\u{202a}", #"\u{202A}"#), ("\u{202e}", #"\u{202E}"#), ("\u{2066}", #"\u{2066}"#),
      ("\u{2069}", #"\u{2069}"#), ("\u{2028}", #"\u{2028}"#), ("\u{2029}", #"\u{2029}"#), ("\r", #"\r"#),
    ]
    for (text, visible) in escapes {
      #expect("a\(text)b".printable == "a\(visible)b")
      #expect("é\(text)\u{301}".printableLines == "é\(visible)\u{301}")
    }
    #expect("a\r\nb\tc".printable == #"a\r\nb\tc"#)
    #expect("a\r\nb\tc".printableLines == "a\\r\nb\tc")
  }

  @Test func allElseStaysAsItIs() {
    for text in ["", "plain", #"back\slash"#, "Größe 漢字 ±", "👩‍👩‍👧", "שלום", "a\u{a0}b"] {
      #expect(text.printable == text)
      #expect(text.printableLines == text)
    }
  }

  @Test func jsonSaysTheSameInEscapes() throws {
    let value: JSONValue = ["a\u{9b}b": ["\u{1b}[1m\u{7f}\n", "\u{202e}", "é"]]
    let text = value.printableText
    #expect(text == text.printableLines)
    #expect(text.contains(#"\u001b[1m\u007f\n"#) && text.contains(#"\u202e"#) && text.contains("é"))
    #expect(try JSONValue(parsing: text) == value)
  }
}
