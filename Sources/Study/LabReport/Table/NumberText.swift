import Foundation

/// Numbers as tables show them: few digits, a real minus sign, units after a space.
public enum NumberText {
  /// Stands where there is no value.
  public static let missing = "–"

  /// A number with a fixed count of decimals; never a negative zero.
  ///
  /// - Parameters:
  ///   - value: the number.
  ///   - decimals: how many digits follow the point.
  ///   - signed: whether a positive number carries its sign.
  public static func fixed(_ value: Double, decimals: Int, signed: Bool = false) -> String {
    guard value.isFinite else { return missing }
    let digits = Printf.text("%.\(decimals)f", abs(value))
    let isZero = digits.utf8.allSatisfy { $0 == UInt8(ascii: "0") || $0 == UInt8(ascii: ".") }
    return (isZero ? "" : value < 0 ? "−" : signed ? "+" : "") + digits
  }

  /// A number with a fixed count of significant digits, without an exponent unless it is very small or large.
  public static func significant(_ value: Double, digits: Int) -> String {
    guard value.isFinite else { return missing }
    guard value != 0 else { return "0" }
    let exponent = Int(floor(log10(abs(value))))
    guard -5..<7 ~= exponent else {
      return Printf.text("%.\(digits - 1)e", value).replacing("-", with: "−")
    }
    return fixed(value, decimals: max(0, digits - 1 - exponent))
  }

  /// A whole number with a comma between groups of three digits.
  public static func grouped(_ value: Int) -> String {
    var digits = String(value.magnitude)
    var groups = [String]()
    while digits.count > 3 {
      groups.insert(String(digits.suffix(3)), at: 0)
      digits.removeLast(3)
    }
    return (value < 0 ? "−" : "") + ([digits] + groups).joined(separator: ",")
  }

  /// A count in four significant digits with k, M, G or T, such as `11.69 M`; below 1000 as it is.
  public static func count(_ value: Int) -> String {
    scaled(Double(value), base: 1000, units: ["", "k", "M", "G", "T", "P"], digits: 4)
  }

  /// A size in binary units, such as `12.3 MiB`.
  public static func bytes(_ value: Int) -> String {
    scaled(Double(value), base: 1024, units: ["B", "KiB", "MiB", "GiB", "TiB", "PiB"], digits: 3)
  }

  /// A throughput: whole numbers from 100 on, three significant digits below.
  public static func rate(_ value: Double) -> String {
    guard value.isFinite, abs(value) < 9e18 else { return missing }
    return abs(value) >= 100 ? grouped(Int(value.rounded())) : significant(value, digits: 3)
  }

  /// A duration in one unit, fit for a column: `0.25 s`, `65.2 s`, `12.4 min`, `3.2 h`.
  public static func seconds(_ value: Double) -> String {
    guard value.isFinite else { return missing }
    switch abs(value) {
    case ..<9.995: return fixed(value, decimals: 2) + " s"
    case ..<99.95: return fixed(value, decimals: 1) + " s"
    case ..<5997: return fixed(value / 60, decimals: 1) + " min"
    default: return fixed(value / 3600, decimals: 1) + " h"
    }
  }

  /// A duration to wait for, in whole seconds: `42 s`, `3 min 05 s`, `1 h 02 min`, `2 d 03 h`.
  public static func remaining(_ seconds: Double) -> String {
    guard seconds.isFinite, seconds >= 0, seconds < 1e9 else { return missing }
    let total = Int(seconds.rounded())
    func pair(_ first: Int, _ firstUnit: String, _ second: Int, _ secondUnit: String) -> String {
      "\(first) \(firstUnit) \(second < 10 ? "0" : "")\(second) \(secondUnit)"
    }
    switch total {
    case ..<60: return "\(total) s"
    case ..<3600: return pair(total / 60, "min", total % 60, "s")
    case ..<86400: return pair(total / 3600, "h", total % 3600 / 60, "min")
    default: return pair(total / 86400, "d", total % 86400 / 3600, "h")
    }
  }

  /// A probability value: three decimals, or `<0.001`.
  public static func probability(_ value: Double) -> String {
    guard value.isFinite else { return missing }
    return value < 0.001 ? "<0.001" : fixed(value, decimals: 3)
  }

  /// A confidence level such as `95 %`.
  public static func percentage(_ share: Double) -> String {
    let percent = share * 100
    let rounded = (percent * 1e6).rounded() / 1e6
    return (rounded == rounded.rounded() ? String(Int(rounded)) : "\(rounded)") + " %"
  }

  /// Numbers with runs of three or more neighbours written as a range: `0–4, 7`.
  public static func ranges(_ values: [UInt64]) -> String {
    var runs = [(first: UInt64, last: UInt64)]()
    for value in values.sorted() {
      if let last = runs.last, last.last < .max, value == last.last + 1 {
        runs[runs.count - 1].last = value
      } else if runs.last?.last != value {
        runs.append((value, value))
      }
    }
    return runs.map { first, last in
      if first == last { return "\(first)" }
      return last - first == 1 ? "\(first), \(last)" : "\(first)–\(last)"
    }.joined(separator: ", ")
  }

  private static func scaled(_ value: Double, base: Double, units: [String], digits: Int) -> String {
    var scaled = value
    var unit = 0
    // Rounding may reach the next unit: 999,999 is 1.000 M, not 1000 k.
    while abs(scaled) >= base * (1 - 0.5 * pow(10, -Double(digits))), unit < units.count - 1 {
      scaled /= base
      unit += 1
    }
    let decimals = unit == 0 ? 0 : max(0, digits - 1 - Int(floor(log10(max(1, abs(scaled))))))
    var text = fixed(scaled, decimals: decimals)
    // 9.9996 has become 10.000, which is a digit too many.
    if decimals > 0, text.filter(\.isNumber).count > digits { text.removeLast(decimals == 1 ? 2 : 1) }
    return units[unit].isEmpty ? text : text + " " + units[unit]
  }
}
