import Foundation
import LabCore

/// What makes one version of a page of another: lines that stay, by their numbers, and lines that are new.
///
/// A browser that follows a page has most of it already, and a hundred of them would else cost a sweep its speed.
package enum PagePatch {
  /// The patch in JSON, in which a pair of numbers stands for lines that the page has, first and count, and a text for new lines;
  /// nil where it would not be much shorter than the page.
  ///
  /// - Parameters:
  ///   - old: the page as it is known.
  ///   - new: the page as it is now.
  package static func data(from old: Data, to new: Data) -> Data? {
    let text = String(decoding: new, as: UTF8.self)
    let (oldLines, newLines) = (lines(old), lines(new))
    // A line that is there several times, such as the end of a table, is looked for only where it is expected.
    var places: [Line: Int?] = [:]
    for (index, line) in oldLines.enumerated() { places[line] = places[line] == nil ? .some(index) : .some(nil) }
    var parts: [JSONValue] = []
    var added: [Line] = []
    var (first, count) = (0, 0)
    func flush() {
      if count > 0 { parts.append([.integer(first), .integer(count)]) }
      if !added.isEmpty {
        parts.append(.string(String(decoding: Array(added.map(\.bytes).joined(separator: [10])), as: UTF8.self)))
      }
      (count, added) = (0, [])
    }
    for line in newLines {
      let expected = first + count
      if added.isEmpty, count > 0, expected < oldLines.count, oldLines[expected] == line {
        count += 1
      } else if let place = places[line] ?? nil {
        flush()
        (first, count) = (place, 1)
      } else {
        if count > 0 { flush() }
        added.append(line)
      }
    }
    flush()
    let value: JSONValue = ["parts": .array(parts), "length": .integer(text.utf16.count)]
    let data = Data(value.canonicalText.utf8)
    return data.count * 2 < new.count ? data : nil
  }

  private static func lines(_ page: Data) -> [Line] {
    Array(page).split(separator: 10, omittingEmptySubsequences: false).map(Line.init)
  }

  /// A line by its bytes: texts may be equal whose bytes are not.
  private struct Line: Hashable {
    let bytes: ArraySlice<UInt8>

    func hash(into hasher: inout Hasher) { bytes.withUnsafeBytes { hasher.combine(bytes: $0) } }
  }
}
