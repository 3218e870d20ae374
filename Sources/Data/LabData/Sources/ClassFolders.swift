import Foundation
import LabCore

/// The folders of the classes within the folder of one part.
struct ClassFolders {
  /// One class: the folders whose names differ in spelling only.
  struct Class {
    /// The folders' names as they are on the disk.
    var folders: [String] = []
    /// The images, by their paths from the part's folder.
    var images: [String] = []

    /// What the class is called: its folder's name, or the usual spelling where there are several.
    var name: String { folders.count == 1 ? folders[0] : folders.first?.comparableName ?? "" }
  }

  /// The classes by the names that people compare.
  private(set) var classes: [String: Class] = [:]
  /// What there is that is not read.
  private(set) var account = FileAccount()

  /// No classes.
  init() {}

  /// Reads the folders of one part.
  ///
  /// - Parameters:
  ///   - root: the data set's folder.
  ///   - folder: the part's folder within it; empty is the data set's own.
  ///   - excluded: folders that are no classes.
  /// - Throws: ``DataError``.
  init(root: String, folder: String, excluding excluded: Set<String>) throws {
    let path = folder.isEmpty ? root : "\(root)/\(folder)"
    let prefix = folder.isEmpty ? "" : folder + "/"
    for entry in try FolderReader.entries(of: path) {
      let name = entry.name
      switch entry.kind {
      case _ where name.isHiddenName:
        let isFolder = entry.kind == .folder
        if isFolder, !name.hasPrefix(".") { account.systemFolders.append(prefix + name) }
        account.add(
          .hidden, count: isFolder ? FolderWalk.fileCount("\(path)/\(name)") : 1,
          [prefix + name + (isFolder ? "/" : "")])
      case .folder where !excluded.contains(name):
        let walk = try FolderWalk("\(path)/\(name)", label: "\(prefix)\(name)/")
        account.add(walk.account)
        classes[name.comparableName, default: Class()].folders.append(name)
        classes[name.comparableName]?.images += walk.images.map { "\(name)/\($0)" }
      case .folder: break
      case .brokenLink where (name as NSString).pathExtension.isEmpty:
        // It may have been a class, which must not vanish.
        throw DataError.inaccessible(
          path: "\(path)/\(name)", reason: "it is a link to \(Self.target("\(path)/\(name)")), which is not there",
          remedy: "mend or remove the link")
      case .file, .special, .brokenLink:
        switch FileKind(of: entry, at: "\(path)/\(name)") {
        case .image, .otherImage: account.add(.unplaced, prefix + name)
        case .other: account.add(.notImages, prefix + name)
        case .missing: account.add(.missing, prefix + name)
        }
      }
    }
  }

  /// Where a link leads to.
  private static func target(_ path: String) -> String {
    (try? FileManager.default.destinationOfSymbolicLink(atPath: path)) ?? "something"
  }
}

/// What classes are called whose folders are spelt in several ways, and what is to be said about that.
struct ClassSpellings {
  /// The name of each class by the name that people compare, and the other way round.
  let names: [String: String]
  let keys: [String: String]
  /// One finding for each class with several spellings.
  let findings: [Finding]

  init(_ classes: [(key: String, value: ClassFolders.Class)], keys: Set<String>) {
    var spellings: [String: Set<Bytes>] = [:]
    for (key, value) in classes where keys.contains(key) {
      spellings[key, default: []].formUnion(value.folders.map(Bytes.init))
    }
    // A name of one spelling stays as it is, be it an unusual one.
    let names = spellings.mapValues { found in
      found.count == 1 ? found.first?.text ?? "" : found.first?.text.comparableName ?? ""
    }
    self.names = names
    self.keys = Dictionary(names.map { ($1, $0) }) { first, _ in first }
    findings = spellings.filter { $0.value.count > 1 }.sorted { $0.key < $1.key }.map { key, found in
      Finding(
        key: FileAccount.key,
        message:
          "\(found.count) folders are taken for the one class \"\(names[key] ?? key)\", since their names differ "
          + "only in blanks or in how Unicode writes their letters: "
          + found.map(\.description).sorted().joined(separator: ", "),
        remedy: "Rename them alike, or apart if they are different classes")
    }
  }

  /// A name with its spelling: texts that Unicode takes for equal differ.
  struct Bytes: Hashable, CustomStringConvertible {
    let text: String

    static func == (a: Bytes, b: Bytes) -> Bool { a.text.utf8.elementsEqual(b.text.utf8) }
    func hash(into hasher: inout Hasher) { hasher.combine(Array(text.utf8)) }

    /// The name in quotation marks, with combining marks and blanks that are not to be seen written out.
    var description: String {
      let parts = text.unicodeScalars.map { scalar in
        scalar.properties.isDiacritic || scalar.properties.generalCategory == .nonspacingMark
          || (scalar.properties.isWhitespace && scalar != " ")
          ? "\\u{\(String(scalar.value, radix: 16))}" : String(Character(scalar))
      }
      return "\"\(parts.joined())\""
    }
  }
}
