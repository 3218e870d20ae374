/// A backend that a spec can name.
public struct BackendDefinition: Sendable {
  /// The name in specs.
  public let name: String
  /// What it is, in one sentence.
  public let summary: String
  /// Opens the backend, without work that nobody may need.
  public let open: @Sendable (BackendEnvironment) -> any Backend

  /// Creates a definition.
  public init(_ name: String, _ summary: String, open: @escaping @Sendable (BackendEnvironment) -> any Backend) {
    self.name = name
    self.summary = summary
    self.open = open
  }
}

/// What a backend may know of the program and the machine.
public struct BackendEnvironment: Hashable, Sendable {
  /// The folder of what can be made again.
  public var cacheFolder: String
  /// The processor's name, as the system tells it.
  public var processorName: String
  /// The version of the program.
  public var programVersion: String

  /// Creates an environment.
  public init(cacheFolder: String, processorName: String, programVersion: String) {
    self.cacheFolder = cacheFolder
    self.processorName = processorName
    self.programVersion = programVersion
  }
}

/// What a backend computes with.
public struct BackendDescription: Hashable, Sendable {
  /// One property of the machine that results or their speed depend on.
  public struct Fact: Hashable, Sendable {
    /// The name for scripts, in snake case.
    public var name: String
    /// The value, such as `avx512`.
    public var value: String
    /// The fact in some words, such as `bf16 products: none`.
    public var text: String

    /// Creates a fact.
    public init(_ name: String, _ value: String, text: String? = nil) {
      self.name = name
      self.value = value
      self.text = text ?? value
    }
  }

  /// The versions of the libraries that compute, by their names.
  public var libraries: [String: String]
  /// What is known of the machine.
  public var facts: [Fact]

  /// Creates a description.
  public init(libraries: [String: String] = [:], facts: [Fact] = []) {
    self.libraries = libraries
    self.facts = facts
  }

  /// The facts in one line.
  public var text: String { facts.map(\.text).joined(separator: ", ") }
}

/// One line of what a backend finds of itself.
public struct BackendFinding: Hashable, Sendable {
  /// What it is about, in one word.
  public var subject: String
  /// What was found.
  public var text: String
  /// Whether all is well.
  public var isGood: Bool

  /// Creates a finding.
  public init(subject: String, text: String, isGood: Bool = true) {
    self.subject = subject
    self.text = text
    self.isGood = isGood
  }
}
