import Foundation
import LabCore
import LabData

/// The files that explanations are written to: two pictures an image, and one file of numbers.
package struct ExplanationFiles {
  /// The file of all numbers.
  package static let numbers = "explanations.json"

  /// The folder.
  package let folder: String
  private let stems: [String]

  /// Names the files.
  ///
  /// - Parameters:
  ///   - images: the names of the images, whose last components the pictures are called by.
  ///   - folder: where they are to be.
  package init(for images: [String], in folder: String) {
    self.folder = folder
    var known: Set<String> = []
    stems = images.map { image in
      let stem = Self.stem(of: image)
      var name = stem
      var number = 2
      // Some file systems do not tell capital letters from small ones.
      while !known.insert(name.lowercased()).inserted {
        name = "\(stem)-\(number)"
        number += 1
      }
      return name
    }
  }

  /// The file with the map over an image, in the folder.
  package func overlay(_ index: Int) -> String { stems[index] + "-overlay.png" }

  /// The file with an image and its overlay side by side, in the folder.
  package func sideBySide(_ index: Int) -> String { stems[index] + "-side-by-side.png" }

  /// Checks that nothing is written over.
  ///
  /// - Throws: ``WorkbenchError`` where a file is there already.
  package func checkAbsence() throws {
    let names = stems.indices.flatMap { [overlay($0), sideBySide($0)] } + [Self.numbers]
    let present = names.filter { FileManager.default.fileExists(atPath: path(of: $0)) }
    guard let first = present.first else { return }
    let others = present.count == 1 ? "" : ", and so do \(present.count - 1) other files of this command"
    throw WorkbenchError(
      "\(path(of: first)) exists already\(others); name another folder, or --force to overwrite what is there")
  }

  /// Writes pictures and numbers, all of them or, where the system refuses, none.
  ///
  /// - Returns: the number of files.
  /// - Throws: `FileError` where the system refuses, `DataError` where a picture cannot be encoded.
  package func write(_ explanations: ImageExplanations) throws -> Int {
    try AtomicFile.createFolder(folder)
    var files: [(path: String, data: Data)] = []
    func add(_ picture: DecodedImage, _ name: String) throws {
      do throws(ImageProblem) {
        files.append((path(of: name), try ImageDecoder.encodePNG(picture)))
      } catch {
        throw error.error(path: path(of: name))
      }
    }
    for (index, image) in explanations.images.enumerated() {
      guard let content = image.content else { continue }
      let picture = HeatMapPicture.enlarged(content.picture)
      let overlay = HeatMapPicture.overlay(content.map, on: picture)
      try add(overlay, self.overlay(index))
      try add(HeatMapPicture.sideBySide(picture, overlay), sideBySide(index))
    }
    files.append((path(of: Self.numbers), Data(explanations.json(files: self).printableText.utf8)))
    try AtomicFile.write(files)
    return files.count
  }

  private func path(of name: String) -> String { (folder as NSString).appendingPathComponent(name) }

  /// An image's name as a part of the name of a file: without folders, extension, and what shells and systems mind.
  private static func stem(of image: String) -> String {
    let last = (image as NSString).lastPathComponent
    let base = (last as NSString).deletingPathExtension
    // The images of an HDF5 file have their number behind its extension.
    let number = last.hasSuffix("]") ? last[(last.lastIndex(of: "[") ?? last.endIndex)...].dropFirst().dropLast() : ""
    let name = base + (number.isEmpty ? "" : "-\(number)")
    let safe = name.map { $0.isLetter || $0.isNumber || "._-".contains($0) ? $0 : "-" }
    // The system's limit is on bytes, and a suffix follows.
    var stem = String(safe).trimmingCharacters(in: CharacterSet(charactersIn: "-"))
    while stem.utf8.count > 200 { stem.removeLast() }
    return stem.isEmpty || stem.hasPrefix(".") ? "image" + stem : stem
  }
}
