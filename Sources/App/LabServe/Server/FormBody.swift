import Foundation

/// The fields and files of a form (`multipart/form-data`), as browsers and curl send them.
package struct FormBody: Sendable {
  /// A field or a file.
  package struct Part: Sendable {
    /// The field's name.
    package var name: String
    /// The file's name; nil of a field that is no file.
    package var fileName: String?
    /// The content.
    package var content: Data
  }

  /// The parts in their order.
  package let parts: [Part]

  /// The most parts of a form, and the most bytes of a part's head.
  private static let partLimit = 200
  private static let headLimit = 4096

  /// Reads a form.
  ///
  /// Whatever is not written exactly as the standards (RFC 7578, RFC 2046) say is refused.
  ///
  /// - Parameters:
  ///   - body: the body.
  ///   - type: the header `Content-Type`.
  /// - Throws: ``RequestProblem``.
  package init(_ body: Data, type: String) throws(RequestProblem) {
    guard let boundary = FormBody.boundary(type) else { throw FormBody.malformed("its type names no boundary") }
    let found = body.withUnsafeBytes { bytes -> Result<[(String, String?, Range<Int>)], RequestProblem> in
      do throws(RequestProblem) {
        return .success(try FormBody.places(in: bytes, boundary))
      } catch {
        return .failure(error)
      }
    }
    // The contents are not copied.
    parts = try found.get().map { name, fileName, range in
      Part(
        name: name, fileName: fileName,
        content: body[(body.startIndex + range.lowerBound)..<(body.startIndex + range.upperBound)])
    }
  }

  /// The names of the parts, and where their contents lie.
  private static func places(
    in bytes: UnsafeRawBufferPointer, _ boundary: String
  ) throws(RequestProblem) -> [(String, String?, Range<Int>)] {
    let line = Array("--\(boundary)".utf8)
    let delimiter = [13, 10] + line
    guard bytes.starts(with: line) else { throw FormBody.malformed("it does not begin with its boundary") }
    var place = line.count
    var parts: [(String, String?, Range<Int>)] = []
    while true {
      if bytes[place...].starts(with: [45, 45]) {
        // Behind the last boundary there may be the end of its line.
        guard bytes.count == place + 2 || Array(bytes[(place + 2)...]) == [13, 10] else {
          throw FormBody.malformed("something follows its end")
        }
        break
      }
      guard bytes[place...].starts(with: [13, 10]) else { throw FormBody.malformed("a boundary does not end its line") }
      place += 2
      guard parts.count < FormBody.partLimit else {
        throw RequestProblem(
          status: 413, description: "the form has more than \(FormBody.partLimit) parts", endsConnection: false)
      }
      guard let headEnd = FormBody.index(of: [13, 10, 13, 10], in: bytes, from: place, atMost: FormBody.headLimit)
      else { throw FormBody.malformed("a part has no end of its head within \(FormBody.headLimit) bytes") }
      let (name, fileName) = try FormBody.names(Array(bytes[place..<headEnd]))
      let start = headEnd + 4
      guard let end = FormBody.index(of: delimiter, in: bytes, from: start, atMost: bytes.count) else {
        throw FormBody.malformed("a part has no end")
      }
      parts.append((name, fileName, start..<end))
      place = end + delimiter.count
    }
    return parts
  }

  private static func malformed(_ problem: String) -> RequestProblem {
    RequestProblem(status: 400, description: "the form cannot be understood: \(problem)")
  }

  /// Where some bytes stand.
  private static func index(of pattern: [UInt8], in bytes: UnsafeRawBufferPointer, from start: Int, atMost count: Int)
    -> Int?
  {
    let last = min(bytes.count, start + count) - pattern.count
    guard let base = bytes.baseAddress else { return nil }
    var place = start
    // Line ends are found by the C library, which is fast also where this program was built for debugging.
    while place <= last, let found = memchr(base + place, Int32(pattern[0]), last - place + 1) {
      place = base.distance(to: UnsafeRawPointer(found))
      if memcmp(base + place, pattern, pattern.count) == 0 { return place }
      place += 1
    }
    return nil
  }

  /// What separates the parts; nil where the type is no form's.
  private static func boundary(_ type: String) -> String? {
    let parts = type.split(separator: ";").map { $0.trimmingCharacters(in: .whitespaces) }
    guard parts.first?.lowercased() == "multipart/form-data" else { return nil }
    let values = parts.dropFirst().filter { $0.lowercased().hasPrefix("boundary=") }
    guard values.count == 1, var value = values.first.map({ String($0.dropFirst("boundary=".count)) }) else {
      return nil
    }
    if value.count > 1, value.hasPrefix("\""), value.hasSuffix("\"") { value = String(value.dropFirst().dropLast()) }
    let isValid = value.utf8.allSatisfy { byte in
      let scalar = UnicodeScalar(byte)
      return scalar.properties.isAlphabetic || 0x30...0x39 ~= byte || "'()+_,-./:=?".unicodeScalars.contains(scalar)
    }
    return (1...70).contains(value.utf8.count) && isValid ? value : nil
  }

  /// The names in a part's head.
  private static func names(_ head: [UInt8]) throws(RequestProblem) -> (String, String?) {
    guard let text = String(validating: head, as: UTF8.self),
      text.unicodeScalars.allSatisfy({ $0 == "\r" || $0 == "\n" || $0 == "\t" || $0.value >= 0x20 && $0.value != 0x7f })
    else { throw malformed("a part's head is no text") }
    let lines = text.components(separatedBy: "\r\n")
    let found = lines.filter { $0.lowercased().hasPrefix("content-disposition:") }
    guard found.count == 1, let line = found.first else { throw malformed("a part does not say what it is") }
    var rest = line.dropFirst("content-disposition:".count)[...]
    rest = rest.drop { $0 == " " }
    guard rest.lowercased().hasPrefix("form-data") else { throw malformed("a part is no field of a form") }
    rest = rest.dropFirst("form-data".count)
    var values: [String: String] = [:]
    while true {
      rest = rest.drop { $0 == " " }
      guard rest.first == ";" else { break }
      rest = rest.dropFirst().drop { $0 == " " }
      guard let sign = rest.firstIndex(of: "=") else { throw malformed("a part has a name without a value") }
      let key = rest[..<sign].lowercased()
      rest = rest[rest.index(after: sign)...]
      guard rest.first == "\"" else { throw malformed("a part has a name without quotation marks") }
      rest = rest.dropFirst()
      // Browsers write a quotation mark in a name as %22, curl puts a backslash before it.
      var value = ""
      var isWhole = false
      while let character = rest.popFirst() {
        isWhole = character == "\""
        if isWhole { break }
        if character == "\\", let next = rest.first, next == "\"" || next == "\\" {
          value.append(next)
          rest = rest.dropFirst()
        } else {
          value.append(character)
        }
      }
      guard isWhole else { throw malformed("a part has a name without an end") }
      guard values[key] == nil else { throw malformed("a part has two names") }
      values[key] = value
    }
    guard rest.isEmpty, let name = values["name"] else { throw malformed("a part has no name") }
    return (name, values["filename"].map { $0.replacing("%22", with: "\"") })
  }
}
