import Yams

/// Parses one YAML document into located values.
///
/// Plain scalars follow YAML 1.2's core schema and not YAML 1.1: `off`, `no` and `1:30` are strings, `1e-3` is a number.
struct YAMLSourceParser {
  private let text: String
  private var issues: [SpecIssue] = []
  private var valueCount = 0

  init(_ text: String) { self.text = text }

  mutating func parse() -> SourceParse {
    do {
      // What could grow without bound is refused before a tree is made of it.
      try YAMLEventCheck.check(text)
      guard let node = try Yams.compose(yaml: text, Resolver.default, .default, .utf8) else {
        throw SourceSyntaxError(expected: "a mapping", found: "an empty file", at: .start)
      }
      return SourceParse(value: try convert(node, depth: 0), issues: issues)
    } catch let error as SourceSyntaxError {
      return SourceParse(value: nil, issues: issues + [error.issue])
    } catch {
      return SourceParse(value: nil, issues: issues + [syntaxError(error).issue])
    }
  }

  // MARK: Nodes

  private mutating func convert(_ node: Node, depth: Int) throws(SourceSyntaxError) -> SourceValue {
    let location = SourceLocation(node.mark)
    valueCount += 1
    guard valueCount <= SourceValue.Limits.values else {
      throw SourceSyntaxError("the file has more than \(SourceValue.Limits.values) values", at: location)
    }
    guard depth < SourceValue.Limits.nesting else {
      throw SourceSyntaxError(
        "lists and mappings are nested more than \(SourceValue.Limits.nesting) deep", at: location)
    }
    switch node {
    case .scalar(let scalar): return SourceValue(try content(of: scalar, at: location), at: location)
    case .sequence(let sequence):
      var elements: [SourceValue] = []
      for element in sequence { elements.append(try convert(element, depth: depth + 1)) }
      return SourceValue(.array(elements), at: location)
    case .mapping(let mapping): return SourceValue(.object(try members(of: mapping, depth: depth)), at: location)
    case .alias: throw SourceSyntaxError("this alias stands for nothing", at: location)
    }
  }

  private mutating func members(
    of mapping: Node.Mapping, depth: Int
  ) throws(SourceSyntaxError) -> [SourceValue.Member] {
    var members: [SourceValue.Member] = []
    var merged: [SourceValue.Member] = []
    for (keyNode, valueNode) in mapping {
      let location = SourceLocation(keyNode.mark)
      guard case .scalar(let key) = keyNode else {
        throw SourceSyntaxError(expected: "a name as key", found: "a list or mapping", at: location)
      }
      let value = try convert(valueNode, depth: depth + 1)
      if key.string == "<<", key.style == .plain {
        merged += try mergedMembers(value)
      } else {
        members.append(SourceValue.Member(key: key.string, keyLocation: location, value: value))
      }
    }
    // What is written here wins over what is merged in, and an earlier merge over a later one.
    var keys = Set(members.map(\.key))
    return members + merged.filter { keys.insert($0.key).inserted }
  }

  /// The members that a merge key `<<` brings in: those of a mapping, or of each of a list of mappings.
  private func mergedMembers(_ value: SourceValue) throws(SourceSyntaxError) -> [SourceValue.Member] {
    var members: [SourceValue.Member] = []
    for source in value.elements ?? [value] {
      guard let given = source.members else {
        throw SourceSyntaxError(
          expected: "a mapping to merge", found: source.foundDescription, at: source.location)
      }
      members += given
    }
    return members
  }

  private func content(
    of scalar: Node.Scalar, at location: SourceLocation
  ) throws(SourceSyntaxError) -> SourceValue.Content {
    let text = scalar.string
    // Tags name the type outright; quoted scalars carry the string tag.
    let tag = scalar.tag.description
    switch tag {
    case Tag.Name.str.rawValue: return try string(text, at: location)
    case Tag.Name.implicit.rawValue where scalar.style != .plain: return try string(text, at: location)
    case Tag.Name.implicit.rawValue, Tag.Name.int.rawValue, Tag.Name.float.rawValue, Tag.Name.bool.rawValue,
      Tag.Name.null.rawValue:
      let value = try plain(text, at: location)
      if tag != Tag.Name.implicit.rawValue, case .string = value {
        throw SourceSyntaxError(
          "\"\(text)\" is not what its tag !!\(tag.split(separator: ":").last ?? "") says", at: location)
      }
      return value
    default: throw SourceSyntaxError("the tag \(tag) is not known", at: location)
    }
  }

  private func plain(_ text: String, at location: SourceLocation) throws(SourceSyntaxError) -> SourceValue.Content {
    switch text {
    case "", "~", "null", "Null", "NULL": return .null
    case "true", "True", "TRUE": return .boolean(true)
    case "false", "False", "FALSE": return .boolean(false)
    default:
      if let number = NumberLiteral.yaml(text) { return number }
      return try string(text, at: location)
    }
  }

  private func string(_ text: String, at location: SourceLocation) throws(SourceSyntaxError) -> SourceValue.Content {
    guard !text.utf8.contains(0) else {
      throw SourceSyntaxError("a string cannot contain the character U+0000", at: location)
    }
    return .string(text)
  }

  // MARK: Errors

  private func syntaxError(_ error: any Error) -> SourceSyntaxError {
    switch error {
    case YamlError.scanner(let context, let problem, let mark, _),
      YamlError.parser(let context, let problem, let mark, _),
      YamlError.composer(let context, let problem, let mark, _):
      let place = context.map { " \($0.text) in line \($0.mark.line)" } ?? ""
      return SourceSyntaxError("not well-formed YAML: \(problem)\(place)", at: SourceLocation(mark))
    case YamlError.duplicatedKeysInMapping(let duplicates, let context):
      let names = duplicates.map { "\"\($0)\"" }.joined(separator: ", ")
      return SourceSyntaxError(
        duplicates.count == 1 ? "the key \(names) is given twice" : "the keys \(names) are given twice",
        at: SourceLocation(context.mark), found: "a second \(names)")
    case YamlError.reader(let problem, let offset, _, _):
      return SourceSyntaxError("not well-formed YAML: \(problem)", at: location(ofCharacter: offset))
    default: return SourceSyntaxError("not well-formed YAML: \(error)", at: .start)
    }
  }

  private func location(ofCharacter offset: Int?) -> SourceLocation {
    guard let offset else { return .start }
    let before = text.prefix(offset)
    let line = before.count { $0.isNewline } + 1
    let column = (before.split(omittingEmptySubsequences: false) { $0.isNewline }.last?.unicodeScalars.count ?? 0) + 1
    return SourceLocation(line: line, column: column)
  }
}

extension SourceLocation {
  fileprivate init(_ mark: Mark?) {
    self = mark.map { SourceLocation(line: max($0.line, 1), column: max($0.column, 1)) } ?? .start
  }
}
