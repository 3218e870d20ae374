import LabCore

/// Why there is no figure.
public enum FigureError: Error, Equatable, CustomStringConvertible {
  /// A kind that does not exist.
  case unknownKind(String, available: [String])
  /// A format that does not exist.
  case unknownFormat(String, available: [String])
  /// Data that a kind needs and that are not there.
  case missingData(kind: String, part: FigureData.Part)
  /// A program that writes a format and is not installed.
  case missingConverter(program: String, format: String, remedy: String)
  /// A program that was started and did not do what it should.
  case failedConversion(program: String, format: String, reason: String)

  /// One sentence for the user.
  public var description: String {
    switch self {
    case .unknownKind(let name, let available):
      "there is no figure \"\(name)\"" + FigureError.choices(name, available)
    case .unknownFormat(let name, let available):
      "there is no format \"\(name)\" of figures" + FigureError.choices(name, available)
    case .missingData(let kind, let part):
      "the figure \(kind) needs \(part.description), which are not there"
    case .missingConverter(let program, let format, let remedy):
      "a figure becomes \(format) by \(program), which is not installed; \(remedy)"
    case .failedConversion(let program, let format, let reason):
      "\(program) made no \(format) of the figure: \(reason)"
    }
  }

  private static func choices(_ name: String, _ available: [String]) -> String {
    let hint = NearestName.hint(for: name, among: available)
    return hint.isEmpty ? "; there are " + available.joined(separator: ", ") : hint
  }
}
