import Foundation

/// The end of a text file.
enum TextTail {
  /// The last lines without empty ones, of at most four kilobytes.
  static func lines(_ count: Int, of path: String) -> [String] {
    guard let handle = FileHandle(forReadingAtPath: path), let length = try? handle.seekToEnd() else { return [] }
    let start = length > 4096 ? length - 4096 : 0
    guard (try? handle.seek(toOffset: start)) != nil, let data = try? handle.readToEnd() else { return [] }
    let lines = String(decoding: data, as: UTF8.self).split(whereSeparator: \.isNewline)
      .map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty }
    return Array(lines.suffix(count))
  }
}
