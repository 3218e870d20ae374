import LabCore
import LabStats

/// The counts of a confusion matrix as a table in which each count leads to its images, for who uses the keyboard or a screen
/// reader.
///
/// Of few classes it is the whole matrix. Of many, a row has only what a class is predicted as, the most frequent first: most
/// pairs have no image, and nobody looks through ten thousand cells for those that have.
struct ConfusionCells {
  private let matrix: ConfusionMatrix
  private let names: [String]
  private let address: String
  private let isWhole: Bool

  /// - Parameters:
  ///   - matrix: the counts.
  ///   - names: the names of the classes.
  ///   - address: where counts lead, up to the parameters that name their classes.
  ///   - isWhole: whether there are few enough classes for a column each.
  init(_ matrix: ConfusionMatrix, classNames names: [String], address: String, isWhole: Bool) {
    self.matrix = matrix
    self.names = names.map(\.singleLine)
    self.address = address
    self.isWhole = isWhole
  }

  private var indices: Range<Int> { 0..<matrix.classCount }

  /// The table in HTML, folded.
  ///
  /// Each link says what it is by itself, so that whoever comes to it by a key hears the whole.
  var html: [String] {
    let columns = isWhole ? names : ["predicted: images"]
    let head = ["true"] + columns
    let titles = head.enumerated().map { index, title in
      let span = !isWhole && index == 1 ? " colspan=\"\(max(1, indices.map { predicted($0).count }.max() ?? 1))\"" : ""
      let place = isWhole && index > 0 ? " class=\"number\"" : ""
      return "<th scope=\"col\"\(place)\(span)>\(HTMLParts.escaped(title))</th>"
    }
    return [
      "<details id=\"cells\"><summary>The counts, each with its images</summary>",
      "<p class=\"note\" id=\"cells-keys\" hidden>Arrow keys go from count to count, Enter shows its images.</p>",
      "<div class=\"scroll\"><table class=\"cells\" role=\"grid\" aria-label=\"Images by true and predicted class\">",
      "<thead><tr>\(titles.joined())</tr></thead>", "<tbody>",
    ] + indices.map(row) + ["</tbody>", "</table></div>", "</details>"]
  }

  /// What images of a class are predicted as, the most frequent first.
  private func predicted(_ label: Int) -> [(prediction: Int, count: Int)] {
    indices.map { ($0, matrix[label: label, prediction: $0]) }.filter { $0.1 > 0 }
      .sorted { ($1.1, $0.0) < ($0.1, $1.0) }
  }

  private func row(_ label: Int) -> String {
    let title = "<tr><th scope=\"row\">\(HTMLParts.escaped(names[label]))</th>"
    guard isWhole else {
      return title
        + predicted(label).map { prediction, count in
          "<td>\(link(label, prediction, count, text: "\(names[prediction]): \(NumberText.grouped(count))"))</td>"
        }.joined() + "</tr>"
    }
    return title
      + indices.map { prediction in
        let count = matrix[label: label, prediction: prediction]
        guard count > 0 else { return "<td class=\"number faint\">·</td>" }
        return "<td class=\"number\">\(link(label, prediction, count, text: NumberText.grouped(count)))</td>"
      }.joined() + "</tr>"
  }

  private func link(_ label: Int, _ prediction: Int, _ count: Int, text: String) -> String {
    let images = "\(NumberText.grouped(count)) \(count == 1 ? "image" : "images")"
    let meaning = "true \(names[label]), predicted \(names[prediction]): \(images)"
    let target = "\(address)true=%23\(label)&predicted=%23\(prediction)"
    return "<a href=\"\(HTMLParts.escaped(target))\" aria-label=\"\(HTMLParts.escaped(meaning))\""
      + "\(label == prediction ? " class=\"right\"" : "")>\(HTMLParts.escaped(text))</a>"
  }
}

extension RunReport {
  /// The counts of the confusions as a table in HTML, each with a link to its images; empty where there are none.
  ///
  /// - Parameter address: where counts lead, up to the parameters that name their classes.
  package func confusionCells(at address: String) -> [String] {
    guard let confusion = details.confusion, let matrix else { return [] }
    return ConfusionCells(
      confusion, classNames: (0..<confusion.classCount).map(details.className), address: address,
      isWhole: matrix.isCompact
    ).html
  }
}
