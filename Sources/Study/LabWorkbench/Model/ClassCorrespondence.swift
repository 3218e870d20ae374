import LabCore

/// Which of a model's classes each class of a data set is.
package struct ClassCorrespondence {
  private let indices: [Int?]
  private let names: [String]
  private let modelNames: [String]

  /// Matches classes by name; by number where one side has numbers for names and both have as many.
  package init(model: [String], data: [String]) {
    let places = Dictionary(model.enumerated().map { ($1, $0) }) { first, _ in first }
    names = data
    modelNames = model
    func isNumbered(_ names: [String]) -> Bool { names == names.indices.map(String.init) }
    if data.count == model.count, isNumbered(data) || isNumbered(model) {
      indices = data.indices.map { $0 }
    } else {
      indices = data.map { places[$0] }
    }
  }

  /// The model's classes of some labels.
  ///
  /// - Throws: `WorkbenchError` where an image is of a class that the model does not know.
  package func labels(_ labels: [Int]) throws -> [Int?] {
    try labels.map { label in
      guard let index = indices[label] else {
        throw WorkbenchError(
          "the model has no class \"\(names[label])\"\(NearestName.hint(for: names[label], among: modelNames))",
          kind: .badData)
      }
      return index
    }
  }
}
