import Foundation
import LabStore

/// Images that somebody has told the classes of, as a tar archive with a folder for each class.
package struct LabeledArchive {
  /// The archive.
  package private(set) var data = Data()

  /// Makes the archive.
  ///
  /// - Parameters:
  ///   - answer: the images.
  ///   - labels: the class of each of them, in their order; an image with an empty one is left out.
  /// - Throws: ``RequestProblem``.
  init(_ answer: KeptAnswers.Answer, labels: [String]) throws(RequestProblem) {
    guard labels.count == answer.images.count else {
      throw RequestProblem(
        status: 422, description: "there are \(answer.images.count) images, and \(labels.count) classes were sent")
    }
    for (index, label) in labels.enumerated() {
      let label = label.trimmingCharacters(in: .whitespaces)
      guard !label.isEmpty else { continue }
      try LabeledArchive.check(label)
      // Archives of several answers can be unpacked into one folder.
      let name = "\(answer.id.prefix(8))-\(index + 1).\(answer.images.fileExtensions[index])"
      add(answer.images.data(index), as: "\(label)/\(name)")
    }
    guard !data.isEmpty else {
      throw RequestProblem(status: 422, description: "no image has a class: choose one for each that is to be kept")
    }
    data.append(Data(count: 1024))
  }

  /// Checks that a class can be the name of a folder.
  private static func check(_ label: String) throws(RequestProblem) {
    let isName =
      label.utf8.count <= 200 && !label.hasPrefix(".")
      && label.unicodeScalars.allSatisfy { !"/\\".unicodeScalars.contains($0) && $0.value >= 0x20 && $0.value != 0x7f }
    guard isName else {
      throw RequestProblem(
        status: 422,
        description:
          "the class \"\(label.prefix(60))\" cannot be the name of a folder: it has at most 200 bytes, no slash, "
          + "and no point at its beginning")
    }
  }

  private mutating func add(_ content: Data, as path: String) {
    if path.utf8.count >= 100 {
      // A longer path has a member of its own before the file, whose first number is its own length.
      let rest = " path=\(path)\n"
      var length = rest.utf8.count + 1
      while "\(length)".utf8.count + rest.utf8.count != length { length = "\(length)".utf8.count + rest.utf8.count }
      add(Data("\(length)\(rest)".utf8), TarHeader(path: "path", kind: .attributes, byteCount: length))
      add(content, TarHeader(path: "image", kind: .file, byteCount: content.count))
    } else {
      add(content, TarHeader(path: path, kind: .file, byteCount: content.count))
    }
  }

  private mutating func add(_ content: Data, _ header: TarHeader) {
    data.append(header.block)
    data.append(content)
    let rest = content.count % 512
    if rest > 0 { data.append(Data(count: 512 - rest)) }
  }
}
