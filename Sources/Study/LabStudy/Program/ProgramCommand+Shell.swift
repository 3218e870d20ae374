import LabCore

extension ProgramCommand {
  /// Text that is no command.
  public struct Problem: Error, CustomStringConvertible {
    public let description: String
  }

  /// Reads a command as a shell's user writes it, with quotes and backslashes, and nothing else of a shell.
  ///
  /// - Throws: ``Problem`` in a sentence.
  public init(shell text: String) throws {
    var words: [String] = []
    var word: String?
    var quote: Character?
    var isEscaped = false
    for character in text {
      if isEscaped {
        // Within quotes, a backslash stands for itself but before what it keeps from its meaning.
        if quote == "\"", !"\"\\$`".contains(character) { word?.append("\\") }
        word = (word ?? "") + String(character)
        isEscaped = false
      } else if character == "\\", quote != "'" {
        word = word ?? ""
        isEscaped = true
      } else if character == quote {
        quote = nil
      } else if quote == nil, character == "'" || character == "\"" {
        quote = character
        word = word ?? ""
      } else if quote == nil, character.isWhitespace {
        if let whole = word { words.append(whole) }
        word = nil
      } else if quote != "'", "$`".contains(character) || quote == nil && "|&;<>()".contains(character) {
        throw Problem(
          description:
            "the command has a \(character), which only a shell understands: put it in quotes, or into a script")
      } else {
        word = (word ?? "") + String(character)
      }
    }
    guard quote == nil, !isEscaped else { throw Problem(description: "the command ends within quotes: \(text)") }
    if let whole = word { words.append(whole) }
    guard words.first?.isEmpty == false else {
      throw Problem(
        description: "the command is empty; expected a program and its arguments, such as \"python3 train.py\"")
    }
    self.init(words)
  }
}
