import LabCore
import LabData
import LabNN
import LabStudy
import LabTrain
import LabZoo

/// A run's resolved configuration in the terms of the modules that use it.
package struct RunConfiguration {
  package var dataset: DatasetConfiguration
  package var model: ModelConfiguration
  package var training: TrainingConfiguration
  /// The name of the backend.
  package var backend: String

  /// Reads a resolved configuration.
  ///
  /// - Throws: ``Problem`` where a value is not one that its module takes.
  package init(_ configuration: JSONValue) throws {
    dataset = try RunConfiguration.section("dataset", of: configuration)
    model = try RunConfiguration.section("model", of: configuration)
    training = try RunConfiguration.section("training", of: configuration)
    // Runs that were stored before there was a choice have none.
    backend = configuration["training"]?[Backends.key]?.stringValue ?? Backends.registry.names[0]
  }

  /// What is wrong with a section.
  package struct Problem: Error, CustomStringConvertible {
    /// The path of the key, as far as it is known.
    package var path: String
    package var error: any Error

    package var description: String { "\(path): \(error)" }
  }

  private static func section<T: Decodable>(_ name: String, of configuration: JSONValue) throws -> T {
    do {
      return try (configuration[name] ?? [:]).decode()
    } catch DataError.invalidOption(let key, let actual, let expected) where name == "training" {
      // Of a training's keys, those of the augmentation are the data's.
      throw Problem(
        path: "training.augmentation.\(key)",
        error: DataError.invalidOption(key: key, actual: actual, expected: expected))
    } catch {
      throw Problem(path: name, error: error)
    }
  }
}

extension DatasetConfiguration {
  /// The data set of a spec that names none.
  package static let standardName = "fashion-mnist"
  /// The data set that stands in for it where it is not installed.
  package static let substituteName = "synthetic-signs"
}

extension StudySchema {
  /// What a spec of this program may say.
  package static let labrun = StudySchema(
    sections: [
      Section(
        "dataset", "The images: which data set, which part of it, and what is done to it once.",
        kind: .variant(DatasetConfiguration.variants), default: .string(DatasetConfiguration.standardName)),
      Section("model", "The network.", ModelConfiguration.schema),
      Section("training", "How the network is trained.", trainingSchema),
    ], execution: ExecutionConfiguration.schema)

  /// How a network is trained, and by which backend.
  private static var trainingSchema: ConfigurationSchema {
    ConfigurationSchema(
      TrainingConfiguration.schema.fields + [Backends.field], alternatives: TrainingConfiguration.schema.alternatives)
  }
}
