import Synchronization

/// The named things of one kind that a user can choose from: losses, designs, table formats, backends.
///
/// What comes with the project is listed where the registry is made. Another package adds its own in the beginning of
/// its `main`, before anything is used: `try ConvolutionFamily.registry.add(MyConvolution())`. What is added comes after
/// what was there, and is from then on part of every schema, help text and conformance test like the rest.
///
/// The first look at the entries closes the registry: schemas and identities are derived from them once, so a later
/// addition would be known to some parts of the program and unknown to others. It is an error instead.
public final class Registry<Entry: Sendable>: Sendable {
  private struct State {
    var entries: [Entry]
    var isInUse = false
  }

  /// What the entries are called in messages, such as `losses`.
  public let title: String
  private let namesOfEntry: @Sendable (Entry) -> [String]
  private let state: Mutex<State>

  /// Creates a registry.
  ///
  /// - Parameters:
  ///   - title: what the entries are called in messages, such as `losses`.
  ///   - entries: the first entries, in the order in which help texts show them.
  ///   - names: an entry's name, and then any other names that stand for it.
  public init(_ title: String, _ entries: [Entry], names: @escaping @Sendable (Entry) -> [String]) {
    self.title = title
    namesOfEntry = names
    state = Mutex(State(entries: entries))
  }

  /// Creates a registry with the entries of another one that more can be added to, for tests.
  public convenience init(copying other: Registry) {
    self.init(other.title, other.entries, names: other.namesOfEntry)
  }

  /// Adds an entry behind the others.
  ///
  /// - Throws: ``RegistryError`` where the entry has no name or one that is taken, or where the entries have been used.
  public func add(_ entry: Entry) throws(RegistryError) {
    try state.withLock { (state: inout State) throws(RegistryError) in
      let names = namesOfEntry(entry)
      let added = Self.text(of: entry)
      guard let name = names.first, names.allSatisfy({ !$0.isEmpty }) else {
        throw .unnamed(title: title, added: added)
      }
      guard !state.isInUse else { throw .inUse(title: title, name: name, added: added) }
      for other in state.entries {
        guard let taken = names.first(where: namesOfEntry(other).contains) else { continue }
        throw .taken(title: title, name: taken, by: Self.text(of: other), added: added)
      }
      state.entries.append(entry)
    }
  }

  /// The entries in the order of the documentation; from now on nothing can be added.
  public var entries: [Entry] {
    state.withLock { state in
      state.isInUse = true
      return state.entries
    }
  }

  /// The entries' names, without other names that stand for them.
  public var names: [String] { entries.compactMap { namesOfEntry($0).first } }

  /// The entry of a name.
  public subscript(_ name: String) -> Entry? { entries.first { namesOfEntry($0).first == name } }

  private static func text(of entry: Entry) -> String { String(reflecting: type(of: entry as Any)) }
}

/// Why something cannot be added to a registry or found there.
public enum RegistryError: Error, Equatable, CustomStringConvertible {
  /// An entry without a name.
  case unnamed(title: String, added: String)
  /// A name that another entry has.
  case taken(title: String, name: String, by: String, added: String)
  /// An addition after the entries have been used.
  case inUse(title: String, name: String, added: String)
  /// A value that is none of the registered ones.
  case unregistered(title: String, value: String, registered: [String])

  public var description: String {
    switch self {
    case .unnamed(let title, let added): "\(added) cannot be added to the \(title): it has no name"
    case .taken(let title, let name, let owner, let added):
      "\(added) cannot be added to the \(title): \(owner) has the name \"\(name)\""
    case .inUse(let title, let name, let added):
      "\(added) (\"\(name)\") cannot be added to the \(title) once they are in use; add it before all else"
    case .unregistered(let title, let value, let registered):
      "\(value) is none of the registered \(title), which are \(registered.joined(separator: ", "))"
    }
  }
}
