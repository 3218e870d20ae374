import Foundation
import LabCore
import LabHDF5

/// Writes what a plan says: one HDF5 file, or a folder of PNG files a class.
///
/// The source is only read.
public struct Packer: Sendable {
  /// What is written.
  public let plan: PackingPlan
  /// The HDF5 file, by a name that ends in .h5 or .hdf5, or the folder.
  public let destination: String

  /// Creates a packer.
  ///
  /// - Throws: ``DataError`` where the destination exists, lies within the source, or cannot hold images of several
  ///   sizes.
  public init(_ plan: PackingPlan, destination: String) throws {
    self.plan = plan
    var path = (destination as NSString).expandingTildeInPath
    while path.hasSuffix("/"), path.count > 1 { path.removeLast() }
    self.destination = path
    guard !FileManager.default.fileExists(atPath: path) else {
      throw DataError.inaccessible(path: path, reason: "it exists already", remedy: "name a new file or folder")
    }
    guard !(path.absolutePath + "/").hasPrefix(plan.catalog.origin.absolutePath + "/") else {
      throw DataError.inaccessible(
        path: path, reason: "it lies within the source \(plan.catalog.origin)", remedy: "write to another place")
    }
    try Self.checkName(destination, path: path)
    if isHDF5, plan.imageShape == nil {
      throw DataError.invalidOption(
        key: "--image-size", actual: "not given",
        expected: "a size in pixels, since images of different sizes cannot be packed")
    }
  }

  /// Refuses names under which nothing can be written, or which say that something else is wanted.
  private static func checkName(_ destination: String, path: String) throws {
    let name = (path as NSString).lastPathComponent
    let ending = (name as NSString).pathExtension.lowercased()
    if !destination.hasSuffix("/"), ImageFormat.fileExtensions.contains(ending) || otherFileExtensions.contains(ending)
    {
      throw DataError.inaccessible(
        path: destination,
        reason: "what is written is an HDF5 file or a folder, and a folder is not called \"\(name)\"",
        remedy: "name a file that ends in .h5, or a folder (with \"/\" at its end to call it so nevertheless)")
    }
    let folder = (path as NSString).deletingLastPathComponent
    var isFolder: ObjCBool = false
    let isThere = folder.isEmpty || FileManager.default.fileExists(atPath: folder, isDirectory: &isFolder)
    // Folders are created as far as they are not there.
    if isThere ? !folder.isEmpty && !isFolder.boolValue : isHDF5(path) {
      throw DataError.inaccessible(
        path: destination,
        reason: isThere ? "\(folder) is no folder" : "there is no folder \(folder)",
        remedy: isThere ? "write to another place" : "create it, or write to another place")
    }
  }

  /// Endings of files that somebody may want, and that are not written.
  private static let otherFileExtensions: Set<String> = [
    "csv", "tsv", "json", "jsonl", "zip", "tar", "gz", "tgz", "npy", "npz", "pt", "pth", "pkl", "mat", "parquet",
    "tfrecord", "safetensors", "hdf", "he5", "hf5", "db", "sqlite", "txt", "yaml", "yml", "svg",
  ]

  /// Whether one file is written.
  public var isHDF5: Bool { Self.isHDF5(destination) }

  private static func isHDF5(_ path: String) -> Bool {
    ["h5", "hdf5"].contains((path as NSString).pathExtension.lowercased())
  }

  /// Where the list of everything that was done is written.
  public var manifestPath: String { isHDF5 ? destination + ".manifest.json" : destination + "/manifest.json" }

  /// Writes the images, then the manifest.
  ///
  /// - Throws: ``DataError`` or `FileError`; a file or folder that is not complete does not take the destination's name.
  public func write(progress: @escaping DataProgress = { _ in }) throws {
    let total = plan.items.values.reduce(0) { $0 + $1.count }
    let counter = DecodingProgress(
      "writing \((destination as NSString).lastPathComponent)", total: total, report: progress)
    let renderer = PackingRenderer(plan: plan)
    if isHDF5 {
      try writeHDF5(renderer, counter)
      try AtomicFile.write(manifestData(), to: manifestPath)
    } else {
      try writeFolder(renderer, counter)
    }
  }

  // MARK: HDF5

  private func writeHDF5(_ renderer: PackingRenderer, _ counter: DecodingProgress) throws {
    guard let shape = plan.imageShape else { return }
    let numbers = groupNumbers()
    let imageCount = plan.items.values.reduce(0) { $0 + $1.count }
    try FreeSpace.require(imageCount * (shape.elementCount + 16), for: destination)
    try AtomicFile.replace(destination) { temporary in
      try HDF5Library.locked {
        do {
          let file = try HDF5File(creating: temporary)
          try file.writeAttribute("class_names", .string(JSONValue(encoding: plan.catalog.classNames).canonicalText))
          for split in SplitName.allCases {
            let items = plan.items[split] ?? []
            guard !items.isEmpty else { continue }
            let group = try file.createGroup(split.rawValue)
            try write(items, shape, renderer, counter, to: group)
            try group.write("labels", items.map { Int64(plan.catalog.samples[$0.sample].label) })
            if let numbers { try group.write("groups", items.map { numbers[$0.sample] }) }
            try group.close()
          }
          // What the library still holds back is written where its failure is seen.
          try file.flush()
          try file.close()
        } catch let failure as HDF5Failure {
          throw DataError.inaccessible(
            path: destination,
            reason: "HDF5 cannot \(failure.action)" + (failure.code.map { ": \(SystemError.text($0))" } ?? ""),
            remedy: "check the folder, its permissions and the space that is left", code: failure.code)
        }
      }
    }
  }

  /// Renders and writes images, some at a time.
  private func write(
    _ items: [PackingPlan.Item], _ shape: ImageShape, _ renderer: PackingRenderer, _ counter: DecodingProgress,
    to group: borrowing HDF5Group
  ) throws {
    let rowsAtOnce = 1024
    let images = try group.createDataset(
      "images", .uint8, [items.count, shape.height, shape.width, shape.channels])
    for first in stride(from: 0, to: items.count, by: rowsAtOnce) {
      let rows = first..<min(items.count, first + rowsAtOnce)
      let bytes = try Parallel.results(of: Array(items[rows]), chunkSize: 16, done: counter.add) {
        try renderer.pixels(of: $0).pixels
      }.flatMap { try $0.get() }
      try bytes.withUnsafeBytes { try images.write(rows: rows, .uint8, $0) }
    }
    try images.close()
  }

  /// The number of each image's group; nil where some training or validation image has none.
  private func groupNumbers() -> [Int64]? {
    let samples = plan.catalog.samples
    let learnt = (plan.items[.train] ?? []) + (plan.items[.validation] ?? [])
    guard learnt.allSatisfy({ samples[$0.sample].group != nil }) else { return nil }
    var numbers = [String: Int64]()
    return samples.map { sample in
      // An image of no group is one by itself.
      let group = sample.group ?? "\u{0}\(sample.name)"
      let number = numbers[group] ?? Int64(numbers.count)
      numbers[group] = number
      return number
    }
  }

  // MARK: Folder

  private func writeFolder(_ renderer: PackingRenderer, _ counter: DecodingProgress) throws {
    let files = FileManager.default
    let temporary = destination + ".tmp-\(UUID().uuidString)"
    do {
      for split in SplitName.allCases where plan.items[split]?.isEmpty == false {
        for index in plan.catalog.classNames.indices {
          try files.createDirectory(
            atPath: "\(temporary)/\(split.rawValue)/\(folderName(index))", withIntermediateDirectories: true)
        }
        let results = Parallel.results(of: plan.items[split] ?? [], chunkSize: 16, done: counter.add) { item in
          try write(item, renderer, to: "\(temporary)/\(path(of: item, in: split))")
        }
        for result in results { try result.get() }
      }
      try AtomicFile.write(manifestData(), to: temporary + "/manifest.json")
      try files.moveItem(atPath: temporary, toPath: destination)
    } catch {
      try? files.removeItem(atPath: temporary)
      // The folder has the name of a temporary one until it is complete, which says nothing to anybody.
      if var error = error as? FileError {
        error.path = error.path.replacing(temporary, with: destination)
        throw error
      }
      if let error = error as? CocoaError {
        throw DataError.inaccessible(
          path: destination, reason: error.systemErrorCode.map(SystemError.text) ?? "it cannot be written",
          remedy: "check the folder, its permissions and the space that is left", code: error.systemErrorCode)
      }
      throw error
    }
  }

  private func write(_ item: PackingPlan.Item, _ renderer: PackingRenderer, to path: String) throws {
    let image = try renderer.pixels(of: item)
    let data: Data
    do throws(ImageProblem) {
      data = try ImageDecoder.encodePNG(image)
    } catch {
      throw error.error(path: plan.catalog.samples[item.sample].name)
    }
    try AtomicFile.create(path, data)
  }

  private func folderName(_ label: Int) -> String {
    plan.catalog.classNames[label].replacingOccurrences(of: "/", with: "∕")
  }

  /// The path of an image within the folder; the number keeps files of equal names apart.
  private func path(of item: PackingPlan.Item, in split: SplitName) -> String {
    let sample = plan.catalog.samples[item.sample]
    let stem = ((sample.name as NSString).lastPathComponent as NSString).deletingPathExtension
    let number = String(format: "%06d", item.sample)
    return "\(split.rawValue)/\(folderName(sample.label))/\(number)-\(stem)\(item.variation.suffix).png"
  }

  // MARK: Manifest

  /// What was done to every image, as JSON.
  private func manifestData() throws -> Data {
    let samples = plan.catalog.samples
    var splits: [String: JSONValue] = [:]
    for split in SplitName.allCases {
      guard let items = plan.items[split], !items.isEmpty else { continue }
      splits[split.rawValue] = .array(
        items.enumerated().map { index, item in
          var entry: [String: JSONValue] = [
            "source": .string(samples[item.sample].name),
            "class": .string(plan.catalog.classNames[samples[item.sample].label]),
          ]
          entry["group"] = samples[item.sample].group.map(JSONValue.string)
          entry["variation"] = item.variation == .original ? nil : .string(String(item.variation.suffix.dropFirst()))
          if isHDF5 { entry["index"] = .integer(index) } else { entry["file"] = .string(path(of: item, in: split)) }
          return .object(entry)
        })
    }
    let manifest: JSONValue = [
      "format": "labrun-packed-1", "dataset": .string(plan.catalog.dataset), "origin": .string(plan.catalog.origin),
      "options": plan.options.json, "splits": .object(splits),
      "dropped": .array(
        plan.dropped.map { ["source": .string(samples[$0.sample].name), "reason": .string($0.reason)] }),
    ]
    return Data((manifest.prettyText() + "\n").utf8)
  }
}

extension HDF5Group {
  /// Writes integers.
  fileprivate func write(_ name: String, _ values: [Int64]) throws {
    let dataset = try createDataset(name, .int64, [values.count])
    try values.withUnsafeBytes { try dataset.write(.int64, $0) }
    try dataset.close()
  }
}
