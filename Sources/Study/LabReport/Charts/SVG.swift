import Foundation
import LabCore

/// A picture of charts one below the other, as text in the format SVG 1.1.
public enum SVG {
  /// Draws bars above points.
  public static func picture(_ bars: BarChart, _ scatter: ScatterChart) -> String {
    let width = 900
    let upper = bars.svg(x: 20, y: 20, width: width - 40)
    let lower = scatter.svg(x: 20, y: 30 + upper.height, side: 420)
    let height = 50 + upper.height + lower.height
    let head =
      "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"\(width)\" height=\"\(height)\" "
      + "viewBox=\"0 0 \(width) \(height)\" font-family=\"sans-serif\">"
    let background = "<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>"
    return ([head, background] + upper.elements + lower.elements + ["</svg>"]).joined(separator: "\n") + "\n"
  }

  static func text(
    _ x: Int, _ y: Int, _ text: String, size: Int = 12, isBold: Bool = false, anchor: String = "start"
  ) -> String {
    let weight = isBold ? " font-weight=\"bold\"" : ""
    return
      "<text x=\"\(x)\" y=\"\(y)\" font-size=\"\(size)\" text-anchor=\"\(anchor)\"\(weight)>\(escaped(text))</text>"
  }

  static func rectangle(_ x: Double, _ y: Double, _ width: Double, _ height: Double, _ color: String) -> String {
    "<rect x=\"\(number(x))\" y=\"\(number(y))\" width=\"\(number(width))\" height=\"\(number(height))\" "
      + "fill=\"\(color)\"/>"
  }

  static func number(_ value: Double) -> String { String(format: "%.1f", value) }

  /// Text without characters that mean something else in XML, and with visible ones for those that XML does not allow.
  static func escaped(_ text: String) -> String {
    text.printable.unicodeScalars.reduce(into: "") { result, scalar in
      switch scalar {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      default: result.unicodeScalars.append(scalar)
      }
    }
  }
}
