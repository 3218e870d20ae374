import LabCore

/// What the parts of a variant's trained models do, a row a lesion.
struct LesionFigure: Figure {
  static let kind = FigureKind(
    "lesions", title: "Lesions",
    summary: "How much trained models lose by each part that `labrun lesion` replaced, with intervals.",
    needs: [.lesions]
  ) { LesionFigure(data: $0) }

  private let forest: ForestFigure

  init(data: FigureData) {
    var data = data
    if let lesions = data.lesions {
      data.name += ", lesions of \(lesions.label)"
      data.comparisons = lesions.comparisons
    }
    data.baseline = "the model as it is"
    forest = ForestFigure(data: data)
  }

  var title: String { forest.title }
  var summary: String { forest.summary }
  var vegaLite: [String: JSONValue] { forest.vegaLite }
  func draw(on canvas: inout Canvas) { forest.draw(on: &canvas) }
}
