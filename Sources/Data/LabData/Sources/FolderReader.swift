import Foundation

/// Reads what a folder holds, with links followed.
struct FolderReader {
  /// What a name in a folder stands for.
  enum Kind: Hashable {
    case folder, file
    /// A link to something that is not there.
    case brokenLink
    /// A pipe, a socket or a device.
    case special
  }

  /// One name in a folder.
  struct Entry: Hashable {
    var name: String
    var kind: Kind
  }

  /// What makes a folder the same one, by whatever path it is reached.
  struct Identity: Hashable {
    var device: UInt64
    var number: UInt64
  }

  /// The names in a folder, in alphabetical order.
  ///
  /// - Throws: ``DataError/inaccessible(path:reason:remedy:)``.
  static func entries(of folder: String) throws -> [Entry] {
    guard let stream = opendir(folder) else {
      throw unreadable(folder, "its files cannot be listed")
    }
    defer { closedir(stream) }
    var entries: [Entry] = []
    while true {
      errno = 0
      guard let found = readdir(stream) else { break }
      let type = Int(found.pointee.d_type)
      let name = withUnsafeBytes(of: &found.pointee.d_name) { bytes in
        String(validating: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
      guard let name else {
        throw DataError.inaccessible(
          path: folder, reason: "the name of one of its files is not UTF-8",
          remedy: "rename what \"ls -b\" shows with backslashes and digits there")
      }
      guard name != ".", name != ".." else { continue }
      entries.append(Entry(name: name, kind: kind(type, "\(folder)/\(name)")))
    }
    guard errno == 0 else {
      throw unreadable(folder, "its files cannot be listed to the end")
    }
    return entries.sorted { $0.name.precedes($1.name) }
  }

  /// The error for a folder, with the system's reason.
  private static func unreadable(_ folder: String, _ reason: String) -> DataError {
    let code = errno
    return .unreadable(
      folder, because: POSIXError(POSIXErrorCode(rawValue: code) ?? .EIO),
      otherwise: "\(reason) (\(String(cString: strerror(code))))")
  }

  /// What is behind a path, through links; nil where nothing is.
  static func kind(of path: String) -> Kind? {
    var status = stat()
    guard stat(path, &status) == 0 else { return nil }
    switch status.st_mode & S_IFMT {
    case S_IFDIR: return .folder
    case S_IFREG: return .file
    default: return .special
    }
  }

  /// What tells a folder from others; nil where it cannot be looked at.
  static func identity(of folder: String) -> Identity? {
    var status = stat()
    guard stat(folder, &status) == 0 else { return nil }
    return Identity(device: UInt64(truncatingIfNeeded: status.st_dev), number: UInt64(status.st_ino))
  }

  private static func kind(_ type: Int, _ path: String) -> Kind {
    // The directory itself says what most names are: 4 is a folder, 8 a file.
    switch type {
    case 4: .folder
    case 8: .file
    default: kind(of: path) ?? .brokenLink
    }
  }
}

extension String {
  /// Whether the text comes first in alphabetical order; spellings that Unicode takes for equal are told apart by their
  /// bytes, so that there is an order of them as well.
  func precedes(_ other: String) -> Bool {
    self == other ? utf8.lexicographicallyPrecedes(other.utf8) : self < other
  }

  /// The name as people compare names: one spelling of every character, no blanks around.
  var comparableName: String { precomposedStringWithCanonicalMapping.trimmingCharacters(in: .whitespacesAndNewlines) }

  /// Whether systems and programs keep a file or folder of this name for themselves.
  var isHiddenName: Bool {
    hasPrefix(".")
      || ["__macosx", "@eadir", "$recycle.bin", "system volume information", "lost+found"].contains(lowercased())
      || ["thumbs.db", "ehthumbs.db", "desktop.ini", "icon\r"].contains(lowercased())
  }
}
