import LabCore

/// What became of every file of a data set that consists of image files.
public struct FileAccount: Hashable, Sendable {
  /// Why files are not read.
  public enum Reason: String, Hashable, Sendable, CaseIterable {
    /// Images that cannot be decoded.
    case damaged
    /// Files that a table names, or links point at, and that are not there.
    case missing
    /// Images of a kind that cannot be read.
    case unsupported
    /// Images in no class folder, or in a folder that is no part of the data set.
    case unplaced
    /// Images that no table names.
    case unlisted
    /// Folders that were reached before, by another link or their own.
    case repeated
    /// Files that are no images.
    case notImages = "not_images"
    /// Files that systems and programs keep for themselves.
    case hidden

    /// What the number of such files is followed by.
    func phrase(_ count: Int) -> String {
      let isOne = count == 1
      return switch self {
      case .damaged: "damaged"
      case .missing: "missing"
      case .unsupported: isOne ? "image of another kind" : "images of other kinds"
      case .unplaced: isOne ? "image outside the classes' folders" : "images outside the classes' folders"
      case .unlisted: isOne ? "image in no table" : "images in no table"
      case .repeated: isOne ? "link to a folder that was read already" : "links to folders that were read already"
      case .notImages: isOne ? "not an image" : "not images"
      case .hidden: "hidden"
      }
    }
  }

  /// The number of files that are used.
  public var read = 0
  /// The number of files that are not, for each reason that there is.
  public private(set) var counts: [Reason: Int] = [:]
  /// Some of them by name, in the order in which they were found.
  public private(set) var examples: [Reason: [String]] = [:]
  /// Folders without an image, which are no classes.
  public var emptyFolders: [String] = []
  /// Folders beside those of classes that systems keep for themselves, such as `__MACOSX`.
  public var systemFolders: [String] = []

  /// How many names are kept for each reason.
  public static let exampleCount = 5

  /// Creates an empty account.
  public init() {}

  /// The number of all files.
  public var total: Int { read + counts.values.reduce(0, +) }

  /// Adds a file that is not read.
  public mutating func add(_ reason: Reason, _ name: String) { add(reason, count: 1, [name]) }

  /// Adds files that are not read.
  ///
  /// - Parameters:
  ///   - reason: why they are not.
  ///   - count: how many.
  ///   - names: some of them.
  public mutating func add(_ reason: Reason, count: Int, _ names: [String]) {
    guard count > 0 else { return }
    counts[reason, default: 0] += count
    let known = examples[reason] ?? []
    examples[reason] = known + names.prefix(max(0, Self.exampleCount - known.count))
  }

  /// Adds another account.
  public mutating func add(_ other: FileAccount) {
    read += other.read
    for (reason, count) in other.counts { add(reason, count: count, other.examples[reason] ?? []) }
    emptyFolders += other.emptyFolders
    systemFolders += other.systemFolders
  }

  /// The account where some files that were to be read turned out to be of no use.
  func moving(_ names: [String], to reason: Reason) -> FileAccount {
    var account = self
    account.read -= names.count
    account.add(reason, count: names.count, Array(names.prefix(Self.exampleCount)))
    return account
  }
}

extension FileAccount: CustomStringConvertible {
  /// The account in one line: `1,234 files: 1,200 read, 4 damaged, 30 not images`.
  public var description: String {
    let parts =
      ["\(Self.grouped(read)) read"]
      + Reason.allCases.compactMap { reason in
        counts[reason].map { "\(Self.grouped($0)) \(reason.phrase($0))" }
      }
    let folders =
      switch emptyFolders.count {
      case 0: ""
      case 1: "; 1 empty folder"
      default: "; \(Self.grouped(emptyFolders.count)) empty folders"
      }
    return "\(Self.grouped(total)) \(total == 1 ? "file" : "files"): \(parts.joined(separator: ", "))\(folders)"
  }

  /// A number with commas between thousands.
  private static func grouped(_ value: Int) -> String {
    var digits = Substring(String(value))
    var groups: [Substring] = []
    while digits.count > 3 {
      groups.insert(digits.suffix(3), at: 0)
      digits.removeLast(3)
    }
    return ([digits] + groups).joined(separator: ",")
  }
}

extension FileAccount {
  /// The account for programs.
  public var json: JSONValue {
    [
      "total": .integer(total), "read": .integer(read),
      "left_out": .object(
        Dictionary(
          uniqueKeysWithValues: counts.map { reason, count in
            (
              reason.rawValue,
              ["count": .integer(count), "examples": .array((examples[reason] ?? []).map(JSONValue.string))]
            )
          })),
      "empty_folders": .array(emptyFolders.map(JSONValue.string)),
      "system_folders": .array(systemFolders.map(JSONValue.string)),
    ]
  }

  /// What a researcher should know before training: images that are there and not used.
  var findings: [Finding] {
    func finding(_ reason: Reason, _ message: (Int, String) -> String, _ remedy: String) -> Finding? {
      guard let count = counts[reason] else { return nil }
      let names = examples[reason] ?? []
      let list = names.joined(separator: ", ") + (count > names.count ? " and \(count - names.count) more" : "")
      return Finding(key: Self.key, message: message(count, list), remedy: remedy)
    }
    func folders(_ names: [String], _ one: String, _ many: String, _ remedy: String) -> Finding? {
      guard !names.isEmpty else { return nil }
      let list = names.prefix(Self.exampleCount).joined(separator: ", ")
      let more = names.count > Self.exampleCount ? " and \(names.count - Self.exampleCount) more" : ""
      return Finding(
        key: Self.key, message: names.count == 1 ? "the folder \(list) \(one)" : "the folders \(list)\(more) \(many)",
        remedy: remedy)
    }
    return [
      finding(
        .unsupported,
        { "\($0 == 1 ? "an image is" : "\($0) images are") left out, being of a kind that is not read: \($1)" },
        "Convert them to one of \(ImageFormat.list), or take them away"),
      finding(
        .unplaced,
        { "\($0 == 1 ? "an image is" : "\($0) images are") left out, being in no class's folder: \($1)" },
        "Move them into a class's folder, say by train_folder, validation_folder and test_folder which folders are parts, or "
          + "take them away"),
      finding(
        .unlisted,
        {
          "\($0 == 1 ? "an image is" : "\($0) images are") left out, since no table names \($0 == 1 ? "it" : "them"): \($1)"
        },
        "Add them to the table, or take them away"),
      folders(
        emptyFolders, "has no image and is no class", "have no image and are no classes",
        "Put images there, or remove what is empty"),
      folders(
        systemFolders, "is no class and left out without being read: systems keep such folders for themselves",
        "are no classes and left out without being read: systems keep such folders for themselves",
        "Remove what is not needed"),
    ].compactMap(\.self)
  }

  /// The key that leads to the files.
  static let key: ConfigurationPath = "dataset.path"
}
