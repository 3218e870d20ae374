import BackendOneDNN
import BackendReference
import LabCore
import LabData
import LabGraph

/// The backends that a spec can name.
public enum Backends {
  /// The backends in the order of the documentation; a spec without a backend gets the first.
  public static let registry = Registry<BackendDefinition>(
    "backends",
    [
      OneDNNBackend.definition,
      ReferenceBackend.definition,
    ]
  ) { [$0.name] }

  /// The key that names a backend, part of a spec's training.
  static let key = "backend"

  /// The field of the key.
  ///
  /// Identities leave its default out, so that the first of the registered backends stays what it is.
  static var field: ConfigurationSchema.Field {
    let entries = registry.entries
    let texts = entries.map { "\($0.name): \($0.summary)" }
    return .init(
      key, .choice(entries.map(\.name)), default: .string(entries[0].name),
      "What computes; results are those of their backend. " + texts.joined(separator: " "))
  }
}

/// The backends, opened for this machine.
package struct OpenBackends: Sendable {
  private let backends: [any Backend]

  /// Opens every registered backend.
  package init() {
    let environment = BackendEnvironment(
      cacheFolder: DataEnvironment.current.cacheFolder, processorName: Machine.processorName,
      programVersion: ProgramVersion.current)
    backends = Backends.registry.entries.map { $0.open(environment) }
  }

  /// The backends in the order of their registration.
  package var all: [any Backend] { backends }

  /// The backend of what names none.
  package var standard: any Backend { backends[0] }

  /// The backend of a name.
  ///
  /// - Throws: ``WorkbenchError`` for a name that this program does not have.
  package func named(_ name: String) throws -> any Backend {
    guard let backend = backends.first(where: { $0.name == name }) else {
      let names = backends.map(\.name)
      throw WorkbenchError(
        "this program has no backend \"\(name)\"\(NearestName.hint(for: name, among: names)); it has "
          + names.joined(separator: ", "),
        kind: .badData)
    }
    return backend
  }
}
