import Foundation
import LabCore

extension DatasetDefinition {
  /// CIFAR-10 in its official binary form.
  ///
  /// - Source: A. Krizhevsky, "Learning multiple layers of features from tiny images", 2009.
  static let cifar10 = DatasetDefinition(
    name: "cifar10",
    summary: "50,000 training and 10,000 test images of 10 classes of animals and vehicles, 32×32 RGB.",
    options: ConfigurationSchema([])
  ) { configuration, environment in
    try CIFARSource(
      dataset: "cifar10", folders: CIFARSource.folders(configuration, environment, archive: "cifar-10-batches-bin"),
      layout: .init(
        train: (1...5).map { "data_batch_\($0).bin" }, test: ["test_batch.bin"], names: "batches.meta.txt",
        labelByteCount: 1, labelByte: 0, classCount: 10),
      remedy: "unpack the binary version, cifar-10-binary.tar.gz, and set \"path\" to its folder")
  }

  /// CIFAR-100 in its official binary form.
  ///
  /// - Source: A. Krizhevsky, "Learning multiple layers of features from tiny images", 2009.
  static let cifar100 = DatasetDefinition(
    name: "cifar100", summary: "50,000 training and 10,000 test images of 100 classes in 20 groups, 32×32 RGB.",
    options: CIFAR100Options.schema
  ) { configuration, environment in
    let isCoarse = try CIFAR100Options(configuration).labels == .coarse
    return try CIFARSource(
      dataset: "cifar100", folders: CIFARSource.folders(configuration, environment, archive: "cifar-100-binary"),
      layout: .init(
        train: ["train.bin"], test: ["test.bin"], names: isCoarse ? "coarse_label_names.txt" : "fine_label_names.txt",
        labelByteCount: 2, labelByte: isCoarse ? 0 : 1, classCount: isCoarse ? 20 : 100),
      remedy: "unpack the binary version, cifar-100-binary.tar.gz, and set \"path\" to its folder")
  }
}

/// The options of `cifar100`.
struct CIFAR100Options: DatasetOptions {
  /// Which of an image's two labels counts.
  enum Labels: String, Codable, CaseIterable {
    case fine, coarse
  }

  /// Which of an image's two labels counts.
  var labels = Labels.fine

  enum CodingKeys: String, CodingKey, CaseIterable {
    case labels = "label_set"
  }

  static let schema = ConfigurationSchema([
    .init(
      CodingKeys.labels.rawValue, .choice(Labels.allCases.map(\.rawValue)), default: "fine",
      "Whether an image's class is one of 100 (fine) or one of the 20 groups of them (coarse).")
  ])
}

/// Files of records of fixed length: labels, then the red, the green and the blue plane.
struct CIFARSource: DatasetSource {
  /// Which files there are, and what a record holds.
  struct Layout {
    var train: [String]
    var test: [String]
    /// The file with the name of a class in each line.
    var names: String
    /// The bytes before the pixels, and which of them is the class.
    var labelByteCount: Int
    var labelByte: Int
    var classCount: Int
  }

  private static let planeByteCount = 32 * 32
  /// The largest file that is read, in bytes: seven times that of CIFAR-100.
  private static let largestSize = 1 << 30

  let identity: [String]
  let origin: String
  private let layout: Layout
  private var recordByteCount: Int { layout.labelByteCount + 3 * Self.planeByteCount }

  /// Where the files may be.
  static func folders(
    _ configuration: DatasetConfiguration, _ environment: DataEnvironment, archive: String
  ) -> [String] {
    environment.folders(of: configuration).flatMap { [$0, $0 + "/" + archive] }
  }

  /// Takes the first folder that has all files.
  init(dataset: String, folders: [String], layout: Layout, remedy: String) throws {
    let files = layout.train + layout.test
    guard
      let folder = folders.first(where: { folder in
        files.allSatisfy { FileManager.default.fileExists(atPath: "\(folder)/\($0)") }
      })
    else { throw DataError.notFound(dataset: dataset, searched: folders, remedy: remedy) }
    origin = folder
    self.layout = layout
    identity =
      try ["cifar", "\(layout.labelByte) of \(layout.labelByteCount)"]
      + files.map { try FileIdentity(path: "\(folder)/\($0)").text }
  }

  func manifest(progress: @escaping DataProgress) throws -> DatasetManifest {
    DatasetManifest(
      imageShape: ImageShape(channels: 3, height: 32, width: 32), classNames: try classNames(),
      trainLabels: try labels(of: .train), testLabels: try labels(of: .test))
  }

  func decodeImages(
    of part: DatasetPart, manifest: DatasetManifest, into destination: UnsafeMutableBufferPointer<UInt8>,
    progress: DecodingProgress
  ) throws {
    var image = 0
    for name in part == .train ? layout.train : layout.test {
      let bytes = try records(name)
      for start in stride(from: 0, to: bytes.count, by: recordByteCount) {
        let pixels = start + layout.labelByteCount
        let target = destination.baseAddress! + image * 3 * Self.planeByteCount
        for channel in 0..<3 {
          for pixel in 0..<Self.planeByteCount {
            target[3 * pixel + channel] = bytes[pixels + channel * Self.planeByteCount + pixel]
          }
        }
        image += 1
      }
      progress.add(bytes.count / recordByteCount)
    }
  }

  private func labels(of part: DatasetPart) throws -> [Int32] {
    try (part == .train ? layout.train : layout.test).flatMap { name in
      let bytes = try records(name)
      return try stride(from: layout.labelByte, to: bytes.count, by: recordByteCount).map { place in
        guard bytes[place] < layout.classCount else {
          throw DataError.malformedFile(
            path: "\(origin)/\(name)", actual: "has the class \(bytes[place]) in record \(place / recordByteCount)",
            expected: "one from 0 to \(layout.classCount - 1)")
        }
        return Int32(bytes[place])
      }
    }
  }

  private func records(_ name: String) throws -> [UInt8] {
    let path = "\(origin)/\(name)"
    let data = try DataFile.contents(of: path, atMost: Self.largestSize)
    guard data.count.isMultiple(of: recordByteCount), !data.isEmpty else {
      throw DataError.malformedFile(
        path: path, actual: "has \(data.count) bytes", expected: "whole records of \(recordByteCount) bytes")
    }
    return [UInt8](data)
  }

  private func classNames() throws -> [String] {
    let path = "\(origin)/\(layout.names)"
    guard let data = try? DataFile.contents(of: path, atMost: 1 << 20) else {
      return (0..<layout.classCount).map(String.init)
    }
    let names = String(decoding: data, as: UTF8.self).split(whereSeparator: \.isNewline)
      .map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty }
    guard names.count == layout.classCount else {
      throw DataError.malformedFile(
        path: path, actual: "has \(names.count) names", expected: "one for each of the \(layout.classCount) classes")
    }
    return names
  }
}
