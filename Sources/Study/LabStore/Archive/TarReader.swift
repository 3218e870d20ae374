import Foundation
import LabCore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Reads a tar archive: files and folders below the one that it is unpacked into, and nothing else.
enum TarReader {
  private static let pieceByteCount = 1 << 20
  /// The longest attributes of a member, in bytes.
  private static let longestAttributes = 1 << 16

  /// Unpacks an archive.
  ///
  /// - Parameters:
  ///   - path: the archive.
  ///   - folder: an empty folder.
  /// - Throws: ``StoreError/damagedFile(path:problem:)`` where it is torn or no archive,
  ///   ``StoreError/unsupportedFile(path:problem:)`` where it holds links, or leads out of the folder; `FileError`.
  static func unpack(_ path: String, into folder: String) throws {
    let file = try SizedFile(path)
    let isArchive = file.byteCount >= 2 * TarHeader.blockByteCount
    guard isArchive else { throw StoreError.unsupportedFile(path: path, problem: "it is no tar archive") }
    var offset = 0
    var longPath: String?
    var longSize: Int?
    while true {
      guard offset + TarHeader.blockByteCount <= file.byteCount else {
        throw StoreError.damagedFile(path: path, problem: "it is cut off: the end of the archive is missing")
      }
      let block = try file.bytes(at: offset, count: TarHeader.blockByteCount)
      var found: TarHeader?
      do {
        found = try TarHeader(block)
      } catch .torn(let problem) {
        guard offset > 0 else { throw StoreError.unsupportedFile(path: path, problem: "it is no tar archive") }
        throw StoreError.damagedFile(path: path, problem: problem)
      } catch .unsupported(let problem) {
        throw StoreError.unsupportedFile(path: path, problem: problem)
      }
      guard var header = found else { return }
      offset += TarHeader.blockByteCount
      if header.kind != .attributes, header.kind != .commonAttributes {
        if let longPath { header.path = longPath }
        if let longSize { header.byteCount = longSize }
        (longPath, longSize) = (nil, nil)
      }
      guard header.byteCount <= file.byteCount - offset else {
        throw StoreError.damagedFile(path: path, problem: "it is cut off within \(header.path)")
      }
      switch header.kind {
      case .commonAttributes: break
      case .attributes:
        guard header.byteCount <= longestAttributes else {
          throw StoreError.damagedFile(path: path, problem: "a member has attributes of \(header.byteCount) bytes")
        }
        let attributes = attributes(try file.bytes(at: offset, count: header.byteCount))
        longPath = attributes["path"]
        longSize = attributes["size"].flatMap { Int($0) }.flatMap { $0 >= 0 ? $0 : nil }
      case .folder: try makeFolder(try target(header.path, in: folder, of: path), of: path)
      case .file:
        let target = try target(header.path, in: folder, of: path)
        try makeFolder((target as NSString).deletingLastPathComponent, of: path)
        try copy(file, from: offset, count: header.byteCount, to: target, of: header.path)
      }
      offset += (header.byteCount + TarHeader.blockByteCount - 1) / TarHeader.blockByteCount * TarHeader.blockByteCount
    }
  }

  /// Where a member goes.
  private static func target(_ member: String, in folder: String, of path: String) throws -> String {
    let parts = member.split(separator: "/").filter { $0 != "." }
    guard !member.hasPrefix("/"), !parts.contains(".."), !member.contains("\0") else {
      throw StoreError.unsupportedFile(
        path: path, problem: "\(member) lies outside of the folder that it is unpacked into")
    }
    return ([folder] + parts.map(String.init)).joined(separator: "/")
  }

  private static func makeFolder(_ folder: String, of path: String) throws {
    do {
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    } catch {
      throw FileError(action: "unpack \(path) to", path: folder, code: RunFolder.systemCode(of: error))
    }
  }

  private static func copy(_ file: SizedFile, from start: Int, count: Int, to target: String, of member: String) throws
  {
    let descriptor = open(target, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o644)
    guard descriptor >= 0 else {
      if errno == EEXIST {
        throw StoreError.unsupportedFile(path: file.path, problem: "it has the file \(member) twice")
      }
      throw FileError(action: "create", path: target)
    }
    defer { close(descriptor) }
    for offset in stride(from: 0, to: count, by: pieceByteCount) {
      let piece = try file.bytes(at: start + offset, count: min(pieceByteCount, count - offset))
      try piece.withUnsafeBytes { bytes in
        var done = 0
        while done < bytes.count {
          let written = write(descriptor, bytes.baseAddress! + done, bytes.count - done)
          if written < 0 {
            if errno == EINTR { continue }
            throw FileError(action: "write", path: target)
          }
          done += written
        }
      }
    }
  }

  /// The attributes of a member: lines of their own length, a space, and `key=value`.
  private static func attributes(_ data: Data) -> [String: String] {
    var attributes: [String: String] = [:]
    var rest = data[...]
    while let space = rest.firstIndex(of: 0x20), let length = Int(String(decoding: rest[..<space], as: UTF8.self)),
      length > 0, length <= rest.count
    {
      let line = rest.prefix(length)[(space + 1)...].dropLast()
      if let equals = line.firstIndex(of: UInt8(ascii: "=")) {
        attributes[String(decoding: line[..<equals], as: UTF8.self)] = String(
          decoding: line[(equals + 1)...], as: UTF8.self)
      }
      rest = rest.dropFirst(length)
    }
    return attributes
  }
}
