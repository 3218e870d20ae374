import Foundation
import LabCore

/// The files of a ZIP archive that are stored without compression, as PyTorch writes its checkpoints.
///
/// Nothing is read before its place and size have been compared with the archive's.
///
/// - Source: PKWARE, "APPNOTE.TXT", ZIP file format specification 6.3.
struct ZipArchive {
  /// The largest directory that is read, in bytes: 65,535 files with names of a thousand characters.
  private static let directoryLimit = 1 << 26

  private let file: SizedFile
  private let entries: [String: Entry]

  private struct Entry {
    var method: Int
    var offset: Int
    var size: Int
    var nameLength: Int
  }

  /// Whether bytes begin like an archive.
  static func isArchive(_ bytes: Data) -> Bool { bytes.starts(with: [0x50, 0x4b, 0x03, 0x04]) }

  /// Reads the directory of an archive.
  ///
  /// - Throws: ``StoreError/damagedFile(path:problem:)``, ``StoreError/unsupportedFile(path:problem:)``, `FileError`.
  init(_ file: SizedFile) throws {
    self.file = file
    entries = try Self.directory(file)
  }

  /// The names of the files.
  var names: [String] { entries.keys.sorted() }

  /// The size of a file in bytes; nil where there is none of that name.
  func size(_ name: String) -> Int? { entries[name]?.size }

  /// The content of a file; nil where there is none of that name.
  func content(_ name: String) throws -> Data? {
    guard let entry = entries[name] else { return nil }
    guard entry.method == 0 else {
      throw StoreError.unsupportedFile(path: file.path, problem: "\"\(name)\" is compressed, which PyTorch never does")
    }
    // The local header repeats the name and may have other extra data than the directory.
    let header = try file.bytes(at: min(entry.offset, file.byteCount), count: 30)
    guard let nameLength = Self.number(header, 26, 2), let extra = Self.number(header, 28, 2),
      Self.number(header, 0, 4) == 0x0403_4b50
    else { throw damaged("\"\(name)\" has no header where the directory says") }
    let start = entry.offset + 30 + nameLength + extra
    guard start <= file.byteCount, entry.size <= file.byteCount - start else {
      throw damaged("\"\(name)\" reaches beyond the file's end")
    }
    return try file.bytes(at: start, count: entry.size)
  }

  private func damaged(_ problem: String) -> StoreError { .damagedFile(path: file.path, problem: problem) }

  private static func directory(_ file: SizedFile) throws -> [String: Entry] {
    func damaged(_ problem: String) -> StoreError { .damagedFile(path: file.path, problem: problem) }
    // The end record is followed by a comment of at most 65535 bytes.
    let first = max(0, file.byteCount - 22 - 65_535)
    let tail = try file.bytes(at: first, count: file.byteCount - first)
    guard
      let end = stride(from: tail.count - 22, through: 0, by: -1).first(where: { number(tail, $0, 4) == 0x0605_4b50 })
    else { throw damaged("the archive's directory is missing; the file may be cut off") }
    guard let count = number(tail, end + 10, 2), let start = number(tail, end + 16, 4), start != 0xffff_ffff,
      count != 0xffff
    else { throw StoreError.unsupportedFile(path: file.path, problem: "it is a ZIP archive of more than 4 GiB") }
    guard start <= first + end, first + end - start <= directoryLimit else {
      throw damaged("the archive's directory is not where its end says, or absurdly long")
    }
    let bytes = try file.bytes(at: start, count: first + end - start)
    var place = 0
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
      let entry = Entry(method: method, offset: offset, size: packed, nameLength: nameLength)
      guard entries.updateValue(entry, forKey: name) == nil else { throw damaged("the archive has \"\(name)\" twice") }
      place += 46 + nameLength + extra + comment
    }
    // Files that share their bytes would let a small archive stand for more than any memory holds.
    var free = 0
    for (name, entry) in entries.sorted(by: { $0.value.offset < $1.value.offset }) {
      guard entry.offset >= free else { throw damaged("\"\(name)\" overlaps another file of the archive") }
      free = entry.offset + 30 + entry.nameLength + entry.size
    }
    guard free <= start else { throw damaged("its files reach into the archive's directory") }
    return entries
  }

  /// A number of some bytes, lowest first; nil beyond the end.
  private static func number(_ bytes: Data, _ place: Int, _ count: Int) -> Int? {
    guard place >= 0, place <= bytes.count - count else { return nil }
    return (0..<count).reversed().reduce(0) { $0 << 8 | Int(bytes[bytes.startIndex + place + $1]) }
  }
}
