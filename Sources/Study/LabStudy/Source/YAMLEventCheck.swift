import CYaml

/// Walks a YAML text's events and refuses what could grow without bound, before a tree is made of it.
///
/// An alias costs a few bytes and can double the tree, and a tree's keys are compared with each other whole: a few
/// lines could keep a composer busy for days. Syntax errors are left to the composer.
struct YAMLEventCheck {
  private struct Collection {
    var isMapping: Bool
    /// Whether the next node of a mapping is a key.
    var expectsKey = true
  }

  private var open: [Collection] = []
  private var aliasCount = 0
  /// Which anchors stand for a list or mapping.
  private var anchorsCollection: [String: Bool] = [:]

  /// Checks a text.
  static func check(_ text: String) throws(SourceSyntaxError) {
    var check = YAMLEventCheck()
    var parser = yaml_parser_t()
    guard yaml_parser_initialize(&parser) == 1 else { return }
    defer { yaml_parser_delete(&parser) }
    var bytes = Array(text.utf8)
    let count = bytes.count
    bytes.append(0)
    let result = bytes.withUnsafeBufferPointer { buffer -> Result<Void, SourceSyntaxError> in
      yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING)
      yaml_parser_set_input_string(&parser, buffer.baseAddress, count)
      do throws(SourceSyntaxError) {
        try check.run(&parser)
        return .success(())
      } catch {
        return .failure(error)
      }
    }
    try result.get()
  }

  private mutating func run(_ parser: inout yaml_parser_t) throws(SourceSyntaxError) {
    while true {
      var event = yaml_event_t()
      guard yaml_parser_parse(&parser, &event) == 1 else { return }
      defer { yaml_event_delete(&event) }
      let location = SourceLocation(line: Int(event.start_mark.line) + 1, column: Int(event.start_mark.column) + 1)
      switch event.type {
      case YAML_STREAM_END_EVENT, YAML_NO_EVENT: return
      case YAML_ALIAS_EVENT:
        aliasCount += 1
        guard aliasCount <= SourceValue.Limits.aliases else {
          throw SourceSyntaxError("the file has more than \(SourceValue.Limits.aliases) aliases (*name)", at: .start)
        }
        try pass(isCollection: anchorsCollection[Self.text(event.data.alias.anchor)] ?? false, at: location)
      case YAML_SCALAR_EVENT:
        remember(event.data.scalar.anchor, isCollection: false)
        try pass(isCollection: false, at: location)
      case YAML_SEQUENCE_START_EVENT:
        remember(event.data.sequence_start.anchor, isCollection: true)
        try begin(isMapping: false, at: location)
      case YAML_MAPPING_START_EVENT:
        remember(event.data.mapping_start.anchor, isCollection: true)
        try begin(isMapping: true, at: location)
      case YAML_SEQUENCE_END_EVENT, YAML_MAPPING_END_EVENT: _ = open.popLast()
      default: break
      }
    }
  }

  /// Passes a node, which may be a mapping's key.
  private mutating func pass(isCollection: Bool, at location: SourceLocation) throws(SourceSyntaxError) {
    guard let last = open.indices.last, open[last].isMapping else { return }
    if open[last].expectsKey, isCollection {
      throw SourceSyntaxError(expected: "a name as key", found: "a list or mapping", at: location)
    }
    open[last].expectsKey.toggle()
  }

  private mutating func begin(isMapping: Bool, at location: SourceLocation) throws(SourceSyntaxError) {
    try pass(isCollection: true, at: location)
    guard open.count < SourceValue.Limits.nesting else {
      throw SourceSyntaxError(
        "lists and mappings are nested more than \(SourceValue.Limits.nesting) deep", at: location)
    }
    open.append(Collection(isMapping: isMapping))
  }

  private mutating func remember(_ anchor: UnsafeMutablePointer<yaml_char_t>?, isCollection: Bool) {
    if anchor != nil { anchorsCollection[Self.text(anchor)] = isCollection }
  }

  private static func text(_ characters: UnsafeMutablePointer<yaml_char_t>?) -> String {
    characters.map { String(cString: $0) } ?? ""
  }
}
