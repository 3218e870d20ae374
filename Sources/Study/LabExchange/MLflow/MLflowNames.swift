import Foundation

/// Names as an MLflow server takes them, each for one name of labrun's.
struct MLflowNames {
  /// The most characters of a name.
  private static let mostCharacters = 250

  private var names: [String: String] = [:]
  private var taken: Set<String> = []

  init() {}

  /// The server's name for one; names that would become the same one are told apart by a number.
  mutating func name(_ text: String) -> String {
    if let known = names[text] { return known }
    let wanted = Self.fitting(text)
    var (name, count) = (wanted, 1)
    while !taken.insert(name).inserted {
      count += 1
      let suffix = "_\(count)"
      name = Self.cut(wanted, to: Self.mostCharacters - suffix.count) + suffix
    }
    names[text] = name
    return name
  }

  /// A name of letters, digits and what else the server takes, which its files could be called.
  static func fitting(_ text: String) -> String {
    let scalars = text.precomposedStringWithCanonicalMapping.unicodeScalars.map { isTaken($0) ? $0 : "_" }
    let parts = String(String.UnicodeScalarView(scalars)).split(separator: "/").map { part in
      part.allSatisfy { $0 == "." } ? String(repeating: "_", count: part.count) : String(part)
    }
    return cut(parts.isEmpty ? "_" : parts.joined(separator: "/"), to: mostCharacters)
  }

  /// The beginning of a text, counted as the server counts.
  static func cut(_ text: String, to count: Int) -> String {
    var cut = String(String.UnicodeScalarView(text.unicodeScalars.prefix(count)))
    while cut.unicodeScalars.count < text.unicodeScalars.count, cut.hasSuffix("/") { cut.removeLast() }
    return cut
  }

  private static func isTaken(_ scalar: Unicode.Scalar) -> Bool {
    if "_-. /".unicodeScalars.contains(scalar) { return true }
    return switch scalar.properties.generalCategory {
    case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter, .decimalNumber,
      .letterNumber, .otherNumber:
      true
    default: false
    }
  }
}
