import Foundation

/// Every file below a folder, through links, and what it is.
struct FolderWalk {
  /// The paths of the images from the folder, in alphabetical order.
  private(set) var images: [String] = []
  /// What else there is; what was found to be read is not counted yet.
  private(set) var account = FileAccount()

  private let root: String
  private let label: String
  // A folder is entered once, which ends loops of links and keeps links that fan out from being walked for ever.
  private var entered: Set<FolderReader.Identity> = []

  /// Walks through a folder.
  ///
  /// - Parameters:
  ///   - folder: the path.
  ///   - label: what precedes names in the account.
  ///   - isDeep: whether folders within are walked through as well.
  /// - Throws: ``DataError/inaccessible(path:reason:remedy:)``.
  init(_ folder: String, label: String, isDeep: Bool = true) throws {
    root = folder
    self.label = label
    if let identity = FolderReader.identity(of: folder) { entered.insert(identity) }
    try walk("", isDeep: isDeep)
    images.sort { $0.precedes($1) }
  }

  /// Whether there is an image in or below a folder; looks no further than to the first.
  static func hasImage(_ folder: String) throws -> Bool {
    var seen: Set<FolderReader.Identity> = []
    var open = [folder]
    while let next = open.popLast() {
      guard let identity = FolderReader.identity(of: next), seen.insert(identity).inserted else { continue }
      for entry in try FolderReader.entries(of: next) where !entry.name.isHiddenName {
        let path = "\(next)/\(entry.name)"
        if entry.kind == .folder {
          open.append(path)
        } else if FileKind(of: entry, at: path) == .image {
          return true
        }
      }
    }
    return false
  }

  private mutating func walk(_ prefix: String, isDeep: Bool) throws {
    for entry in try FolderReader.entries(of: prefix.isEmpty ? root : "\(root)/\(prefix.dropLast())") {
      let place = prefix + entry.name
      let path = "\(root)/\(place)"
      if entry.name.isHiddenName {
        let count = entry.kind == .folder ? Self.fileCount(path) : 1
        account.add(.hidden, count: count, [label + place + (entry.kind == .folder ? "/" : "")])
      } else if entry.kind == .folder {
        guard isDeep else { continue }
        guard let identity = FolderReader.identity(of: path), entered.insert(identity).inserted else {
          account.add(.repeated, label + place)
          continue
        }
        try walk(place + "/", isDeep: true)
      } else {
        switch FileKind(of: entry, at: path) {
        case .image: images.append(place)
        case .otherImage: account.add(.unsupported, label + place)
        case .other: account.add(.notImages, label + place)
        case .missing: account.add(.missing, label + place)
        }
      }
    }
  }

  /// The number of files in and below a folder that nobody reads; links are not followed.
  static func fileCount(_ folder: String) -> Int {
    var count = 0
    let files = FileManager.default.enumerator(atPath: folder)
    while files?.nextObject() != nil, count < 1_000_000 {
      if files?.fileAttributes?[.type] as? FileAttributeType != .typeDirectory { count += 1 }
    }
    return count
  }
}

/// What a file is, as far as finding images needs to know.
enum FileKind {
  /// An image, or a file whose name says that it is one.
  case image
  /// An image of a kind that cannot be read.
  case otherImage
  /// No image.
  case other
  /// A link to nothing, by a name that no image has.
  case missing

  /// Looks at the name, and where that does not say it at the first bytes.
  init(of entry: FolderReader.Entry, at path: String) {
    let ending = (entry.name as NSString).pathExtension.lowercased()
    if entry.kind == .special {
      self = .other
    } else if ImageFormat.fileExtensions.contains(ending) {
      self = .image
    } else if ForeignImageFormat.cameraExtensions.contains(ending) {
      self = .otherImage
    } else if entry.kind == .brokenLink {
      self = ending.isEmpty ? .image : .missing
    } else {
      self = Self.byContent(path, ending)
    }
  }

  private static func byContent(_ path: String, _ ending: String) -> FileKind {
    guard let file = FileHandle(forReadingAtPath: path) else { return .image }
    defer { try? file.close() }
    // What cannot be read is an image until somebody says what is wrong with it.
    guard let start = try? file.read(upToCount: ImageFormat.signatureByteCount) ?? Data() else { return .image }
    return start.withUnsafeBytes { bytes in
      if ImageFormat(certainlyOf: bytes) != nil { return .image }
      let isForeign = ForeignImageFormat.fileExtensions.contains(ending)
      return isForeign || ForeignImageFormat.isImage(bytes) ? .otherImage : .other
    }
  }
}
