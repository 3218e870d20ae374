import LabCore

/// The options of one data set, decoded from a configuration over the schema's defaults.
public protocol DatasetOptions: Codable {
  /// The keys with their defaults.
  static var schema: ConfigurationSchema { get }
}

extension DatasetOptions {
  /// Decodes a configuration's own options; absent ones take the schema's defaults.
  ///
  /// - Throws: ``DataError``.
  public init(_ configuration: DatasetConfiguration) throws {
    let given = JSONValue.object(configuration.options)
    let options = try Self.schema.resolved(given, subject: "data set \(configuration.name)")
    do {
      self = try options.decode()
    } catch {
      throw DataError.invalidOption(
        key: configuration.name, actual: given.canonicalText, expected: "the options that its description lists")
    }
  }
}
