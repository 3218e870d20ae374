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
  /// - Throws: `ConfigurationError`, `ModelError` or `DataError` where a value is not one that its module takes.
  package init(_ configuration: JSONValue) throws {
    dataset = try (configuration["dataset"] ?? [:]).decode()
    model = try (configuration["model"] ?? [:]).decode()
    training = try (configuration["training"] ?? [:]).decode()
    // Runs that were stored before there was a choice have none.
    backend = configuration["training"]?[Backends.key]?.stringValue ?? Backends.registry.names[0]
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
