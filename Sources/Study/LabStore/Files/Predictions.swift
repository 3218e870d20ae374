import LabCore
import LabRecords

extension Predictions {
  /// The predictions as an HDF5 file's content.
  func content() throws -> TensorGroup {
    let classes = classNames.count
    guard logits.count == labels.count * classes else {
      throw StoreError.invalidTensor(
        name: "logits",
        problem: "\(logits.count) values are not \(labels.count) samples by \(classes) classes")
    }
    guard confusion.count == classes, confusion.allSatisfy({ $0.count == classes }) else {
      throw StoreError.invalidTensor(name: "confusion", problem: "it is not \(classes) by \(classes)")
    }
    return TensorGroup(
      [
        NamedTensor("logits", [labels.count, classes], logits),
        NamedTensor("labels", [labels.count], labels.map(Int64.init)),
        NamedTensor("confusion", [classes, classes], confusion.joined().map(Int64.init)),
      ],
      attributes: ["class_names": .string(JSONValue.array(classNames.map { .string($0) }).canonicalText)])
  }

  /// Takes predictions from an HDF5 file's content.
  init(_ content: TensorGroup, path: String) throws {
    guard
      let logits = content.tensor("logits")?.floats, let labels = content.tensor("labels")?.integers,
      let confusion = content.tensor("confusion")?.integers,
      case .string(let text)? = content.attributes["class_names"],
      let classNames: [String] = try? JSONValue(parsing: text).decode(),
      logits.count == labels.count * classNames.count, confusion.count == classNames.count * classNames.count
    else {
      throw StoreError.unsupportedFile(
        path: path, problem: "it lacks logits, labels, a confusion matrix or class names of matching extents")
    }
    let classes = classNames.count
    self.init(
      logits: logits, labels: labels.map { Int($0) },
      confusion: (0..<classes).map { row in (0..<classes).map { Int(confusion[row * classes + $0]) } },
      classNames: classNames)
  }
}
