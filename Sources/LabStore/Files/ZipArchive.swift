import Foundation

/// The files of a ZIP archive that are stored without compression, as PyTorch writes its checkpoints.
///
/// - Source: PKWARE, "APPNOTE.TXT", ZIP file format specification 6.3.
struct ZipArchive {
  private let bytes: Data
  private let path: String
  private let entries: [String: Entry]

  private struct Entry {
    var method: Int
    var offset: Int
    var size: Int
  }

  /// Whether bytes begin like an archive.
  static func isArchive(_ bytes: Data) -> Bool { bytes.starts(with: [0x50, 0x4b, 0x03, 0x04]) }

  /// Reads the directory of an archive.
  ///
  /// - Throws: ``StoreError/damagedFile(path:problem:)``, ``StoreError/unsupportedFile(path:problem:)``.
  init(_ bytes: Data, path: String) throws {
    self.bytes = Data(bytes)
    self.path = path
    entries = try Self.directory(self.bytes, path: path)
  }

  /// The names of the files.
  var names: [String] { entries.keys.sorted() }

  /// The content of a file; nil where there is none of that name.
  func content(_ name: String) throws -> Data? {
    guard let entry = entries[name] else { return nil }
    guard entry.method == 0 else {
      throw StoreError.unsupportedFile(path: path, problem: "\"\(name)\" is compressed, which PyTorch never does")
    }
    // The local header repeats the name and may have other extra data than the directory.
    guard let nameLength = Self.number(bytes, entry.offset + 26, 2),
      let extra = Self.number(bytes, entry.offset + 28, 2),
      Self.number(bytes, entry.offset, 4) == 0x0403_4b50
    else { throw damaged("\"\(name)\" has no header where the directory says") }
    let start = entry.offset + 30 + nameLength + extra
    guard start <= bytes.count, entry.size <= bytes.count - start else {
      throw damaged("\"\(name)\" reaches beyond the file's end")
    }
    return bytes[start..<start + entry.size]
  }

  private func damaged(_ problem: String) -> StoreError { .damagedFile(path: path, problem: problem) }

  private static func directory(_ bytes: Data, path: String) throws -> [String: Entry] {
    func damaged(_ problem: String) -> StoreError { .damagedFile(path: path, problem: problem) }
    // The end record is followed by a comment of at most 65535 bytes.
    let first = max(0, bytes.count - 22 - 65_535)
    guard
      let end = stride(from: bytes.count - 22, through: first, by: -1).first(where: {
        number(bytes, $0, 4) == 0x0605_4b50
      })
    else { throw damaged("the archive's directory is missing; the file may be cut off") }
    guard let count = number(bytes, end + 10, 2), var place = number(bytes, end + 16, 4), place != 0xffff_ffff,
      count != 0xffff
    else { throw StoreError.unsupportedFile(path: path, problem: "it is a ZIP archive of more than 4 GiB") }
    var entries: [String: Entry] = [:]
    for _ in 0..<count {
      guard number(bytes, place, 4) == 0x0201_4b50, let method = number(bytes, place + 10, 2),
        let size = number(bytes, place + 24, 4), let packed = number(bytes, place + 20, 4),
        let nameLength = number(bytes, place + 28, 2), let extra = number(bytes, place + 30, 2),
        let comment = number(bytes, place + 32, 2), let offset = number(bytes, place + 42, 4),
        place + 46 + nameLength <= bytes.count
      else { throw damaged("the archive's directory is damaged") }
      guard method != 0 || size == packed else { throw damaged("the archive's directory contradicts itself") }
      let name = String(decoding: bytes[place + 46..<place + 46 + nameLength], as: UTF8.self)
      guard entries.updateValue(Entry(method: method, offset: offset, size: size), forKey: name) == nil else {
        throw damaged("the archive has \"\(name)\" twice")
      }
      place += 46 + nameLength + extra + comment
    }
    return entries
  }

  /// A number of some bytes, lowest first; nil beyond the end.
  private static func number(_ bytes: Data, _ place: Int, _ count: Int) -> Int? {
    guard place >= 0, place <= bytes.count - count else { return nil }
    return (0..<count).reversed().reduce(0) { $0 << 8 | Int(bytes[place + $1]) }
  }
}
