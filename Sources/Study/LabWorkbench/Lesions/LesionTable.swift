import LabCore
import LabNN
import LabReport
import LabTrain

/// What can be replaced in a model.
package enum LesionTable {
  /// The kinds of parts that a model has.
  static func kinds(of model: LesionEvaluator) -> [LesionKind] {
    LesionKind.all.filter { kind in
      switch kind {
      case .attention(let kind): model.parts.contains { $0.kind == kind }
      case .block: model.parts.contains { $0.kind == .block }
      case .weights(let kind): model.convolutions.contains { !WeightSlice.all(kind, of: $0).isEmpty }
      }
    }
  }

  /// A row for each kind of part in each layer.
  package static func parts(of model: LesionEvaluator, title: String) -> ReportTable {
    func row(_ kind: LesionKind, _ path: String, _ count: String, _ number: Int, _ isPossible: Bool) -> ReportTable.Row
    {
      let replacements = isPossible ? kind.replacements : []
      return .init([
        .string(kind.name), .string(path), .init(count, values: [.integer(number)]),
        .init(
          replacements.isEmpty ? NumberText.missing : replacements.joined(separator: ", "),
          values: [.array(replacements.map(JSONValue.string))], role: replacements.isEmpty ? .faint : nil),
      ])
    }
    let rows = kinds(of: model).flatMap { kind -> [ReportTable.Row] in
      switch kind {
      case .attention(let attention):
        return model.parts.filter { $0.kind == attention }.map { part in
          let shape = model.shape(of: part)
          return row(
            kind, part.path, shape.dimensions.map { "\($0)" }.joined(separator: "×") + " weights", shape.elementCount,
            true)
        }
      case .block:
        return model.parts.filter { $0.kind == .block }.map { row(kind, $0.path, "1", 1, model.isReplaceable($0)) }
      case .weights(let slice):
        return model.convolutions.compactMap { layer in
          let count = WeightSlice.all(slice, of: layer).count
          return count == 0 ? nil : row(kind, layer.path, "\(count)", count, true)
        }
      }
    }
    let isComplete = model.parts.allSatisfy(model.isReplaceable)
    return ReportTable(
      kind: "lesion-parts", title: title,
      columns: [
        .init("part", fields: ["part"]), .init("layer", fields: ["layer"], wraps: true),
        .init("size", fields: ["count"], alignment: .right), .init("replaced by", fields: ["replacements"]),
      ], rows: rows,
      notes: isComplete ? [] : ["Blocks whose result has another shape than their input cannot be left out."])
  }
}
