import LabCore

/// A data set that a spec can name: its name, its own options, and how to open it.
public struct DatasetDefinition: Sendable {
  /// The name that a spec uses.
  public let name: String
  /// What it is, in one sentence.
  public let summary: String
  /// The keys that only this data set takes, beside those that all data sets have.
  public let options: ConfigurationSchema
  /// Whether the images are drawn at the size that is asked for, so that another `image_size` is other images.
  public let isDrawn: Bool
  /// Finds the files, without decoding them.
  public let open:
    @Sendable (_ configuration: DatasetConfiguration, _ environment: DataEnvironment) throws
      -> any DatasetSource

  /// Describes a data set.
  ///
  /// - Parameters:
  ///   - name: the name that a spec uses.
  ///   - summary: what it is, in one sentence.
  ///   - options: the keys that only this data set takes; see ``DatasetOptions``.
  ///   - isDrawn: whether the images are drawn at the size that is asked for.
  ///   - open: finds the files, without decoding them; throws ``DataError`` where they are not there, with a text that
  ///     says in one sentence how to get them.
  public init(
    name: String, summary: String, options: ConfigurationSchema = ConfigurationSchema([]), isDrawn: Bool = false,
    open:
      @escaping @Sendable (_ configuration: DatasetConfiguration, _ environment: DataEnvironment) throws
      -> any DatasetSource
  ) {
    self.name = name
    self.summary = summary
    self.options = options
    self.isDrawn = isDrawn
    self.open = open
  }
}

extension DatasetDefinition {
  /// Every data set: one line each.
  public static let registry = Registry<DatasetDefinition>(
    "data sets",
    [
      .fashionMNIST,
      .idxFolder,
      .cifar10,
      .cifar100,
      .gtsrb,
      .imageFolder,
      .imageList,
      .hdf5File,
      .syntheticSigns,
    ]
  ) { [$0.name] }

  /// The data set of a name.
  ///
  /// - Throws: ``DataError/unknownDataset(name:known:)``.
  public static func named(_ name: String) throws -> DatasetDefinition {
    guard let definition = registry[name] else {
      throw DataError.unknownDataset(name: name, known: registry.names)
    }
    return definition
  }
}

extension DatasetConfiguration {
  /// Says where the data set's files are, without reading them: what a check of the installation shows.
  ///
  /// - Throws: ``DataError``, whose text says in one sentence how to get missing files.
  public func origin(in environment: DataEnvironment = .current) throws -> String { try source(environment).origin }

  /// The same data set without what only says which of its images a run takes and what is done to them: all that decides
  /// what an inspection sees.
  package var published: DatasetConfiguration {
    let definition = DatasetDefinition.registry[name]
    var bare = DatasetConfiguration(name: name, path: path)
    bare.options = options.filter { key, value in
      definition?.options.field(key)?.defaultValue?.canonicalText != value.canonicalText
    }
    // Test images that are held out are drawn by this seed; where there is nothing to hold out, it changes nothing.
    if options[ImageFolderOptions.testShareField.name] != nil { bare.subsetSeed = subsetSeed }
    if definition?.isDrawn == true { bare.imageSize = storedSide }
    return bare
  }

  /// What the content depends on, as the cache of decoded images knows it: paths, sizes and times of files, and options.
  ///
  /// No image is read. An equal text stands for equal content.
  ///
  /// - Parameter environment: where data are looked for.
  /// - Throws: ``DataError`` where files cannot be found or looked at.
  package func contentIdentity(_ environment: DataEnvironment = .current) throws -> String {
    try source(environment).identity.joined(separator: "\n")
  }

  /// Checks every key and finds the files.
  func source(_ environment: DataEnvironment) throws -> any DatasetSource {
    let configuration = try validated()
    return try DatasetDefinition.named(name).open(configuration, environment)
  }
}
