import Foundation
import LabCore
import LabRecords

/// What is known of a run's lesions: a file for each setting, written once more when lesions are added.
extension RunFolder {
  /// What the names of the files begin with.
  static let lesionPrefix = "lesions-"
  private static let lesionFormat = "labrun-lesions"

  /// The names of the files, in order.
  func lesionNames() throws -> [String] {
    try entries().filter { $0.hasPrefix(Self.lesionPrefix) && $0.hasSuffix(".h5") }.sorted()
  }

  /// The path of the file of a setting, which need not exist.
  public func lesionPath(of setting: LesionPredictions.Setting) -> String {
    let text =
      "\(setting.program) \(setting.weights) \(setting.weightsHash) \(setting.dataHash) \(setting.split) "
      + "\(setting.imageCount) \(setting.sampleLimit) \(setting.drawSeed)"
    return "\(path)/\(Self.lesionPrefix)\(ContentHash(of: text).short).h5"
  }

  /// Everything on record of the run's lesions, with what could not be read.
  ///
  /// - Throws: `FileError` where the folder cannot be listed.
  public func readLesions() throws -> (found: [LesionPredictions], problems: [any Error]) {
    var (found, problems): ([LesionPredictions], [any Error]) = ([], [])
    for name in try lesionNames() {
      do {
        found.append(try readLesions("\(path)/\(name)"))
      } catch {
        problems.append(error)
      }
    }
    return (found, problems)
  }

  /// What is on record of a setting; nil where nothing is.
  ///
  /// - Throws: ``StoreError`` where the file is damaged or another's, `FileError` where it cannot be read.
  public func readLesions(of setting: LesionPredictions.Setting) throws -> LesionPredictions? {
    let path = lesionPath(of: setting)
    guard FileManager.default.fileExists(atPath: path) else { return nil }
    let found = try readLesions(path)
    return found.setting == setting ? found : nil
  }

  /// Adds lesions to those on record, whoever else adds some at the same time.
  ///
  /// - Throws: `FileError` or ``StoreError`` where the file cannot be written, or is there and cannot be read.
  public func add(_ predictions: LesionPredictions) throws {
    let path = lesionPath(of: predictions.setting)
    try FileLock.hold(path + ".lock") {
      var all = try readLesions(of: predictions.setting) ?? predictions
      for row in predictions.rows { all.add(row) }
      try SealedFile.write([(path, try content(of: all))])
    }
  }

  // MARK: Content

  /// Reads a file of lesions and checks that it is whole and of this run.
  func readLesions(_ path: String) throws -> LesionPredictions {
    let content = try read(path, format: Self.lesionFormat)
    func decoded<T: Decodable>(_ name: String) -> T? {
      guard case .string(let text)? = content.attributes[name] else { return nil }
      return try? JSONValue(parsing: text).decode()
    }
    guard let setting: LesionPredictions.Setting = decoded("setting"),
      let classNames: [String] = decoded("class_names"),
      let lesions: [LesionPredictions.Lesion] = decoded("lesions"), let labels = content.tensor("labels")?.integers,
      let intact = content.tensor("intact")?.integers, let classes = content.tensor("predictions")?.integers,
      labels.count == intact.count, classes.count == lesions.count * labels.count,
      [labels, intact, classes].allSatisfy({ $0.allSatisfy { (0..<Int64(classNames.count)).contains($0) } })
    else {
      throw StoreError.unsupportedFile(
        path: path, problem: "it lacks a setting, lesions, labels or predictions of matching extents")
    }
    return LesionPredictions(
      setting: setting, labels: labels.map { Int32($0) }, classNames: classNames, intact: intact.map { Int32($0) },
      rows: lesions.enumerated().map { index, lesion in
        .init(lesion, classes: classes[index * labels.count..<(index + 1) * labels.count].map { Int32($0) })
      })
  }

  private func content(of predictions: LesionPredictions) throws -> TensorGroup {
    func encoded(_ value: some Encodable) throws -> TensorGroup.Attribute {
      .string(try JSONValue(encoding: value).canonicalText)
    }
    let (count, rows) = (predictions.labels.count, predictions.rows)
    return TensorGroup(
      [
        NamedTensor("labels", [count], predictions.labels.map(Int64.init)),
        NamedTensor("intact", [count], predictions.intact.map(Int64.init)),
        NamedTensor("predictions", [rows.count, count], rows.flatMap(\.classes).map(Int64.init)),
      ],
      attributes: [
        "format": .string(Self.lesionFormat), "format_version": .integer(1), "run": .string(run.hash.hexadecimal),
        "setting": try encoded(predictions.setting), "lesions": try encoded(rows.map(\.lesion)),
        "class_names": try encoded(predictions.classNames),
      ])
  }
}
