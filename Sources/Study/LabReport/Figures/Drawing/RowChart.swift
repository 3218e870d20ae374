/// Rows of a label, a picture along a common scale, and a text, such as differences with their intervals.
///
/// In a narrow figure, label and text stand above the picture, which then has the whole width.
struct RowChart {
  /// Where pictures are.
  let area: Canvas.Box
  /// The scale of all rows.
  let axis: Axis
  private let labels: [String]
  private let texts: [String]
  private let rowHeight: Double
  private let isStacked: Bool
  private let labelRoom: Double

  /// Below this width in pixels, label and text stand above the picture.
  private static let stackedBelow = 560.0

  /// Lays out rows.
  ///
  /// - Parameters:
  ///   - labels: what each row is of.
  ///   - texts: what stands at the right of each row.
  ///   - top: the upper end of the first row, below the room of a line of hints.
  ///   - canvas: what is drawn on.
  ///   - axis: the scale of a length.
  init(labels: [String], texts: [String], top: Double, on canvas: Canvas, axis: (Double) -> Axis) {
    self.labels = labels
    self.texts = texts
    isStacked = canvas.width < RowChart.stackedBelow
    rowHeight = isStacked ? 38 : 24
    let inner = canvas.width - 2 * Canvas.margin
    func room(_ texts: [String], size: Double) -> Double {
      texts.map { TextMeasure.width(of: $0.singleLine, size: size) }.max() ?? 0
    }
    let textRoom = room(texts, size: 11)
    let left: Double
    let right: Double
    if isStacked {
      labelRoom = inner - textRoom - 10
      (left, right) = (Canvas.margin + 6, canvas.width - Canvas.margin - 6)
    } else {
      labelRoom = min(room(labels, size: 12), 0.34 * inner)
      left = Canvas.margin + labelRoom + 14
      right = canvas.width - Canvas.margin - (textRoom > 0 ? textRoom + 14 : 6)
    }
    area = Canvas.Box(
      left: left, top: top, right: max(left + 40, right), bottom: top + rowHeight * Double(labels.count) + 6)
    self.axis = axis(area.width)
  }

  /// Where the picture of a row has its middle.
  func middle(of row: Int) -> Double { area.top + rowHeight * Double(row) + (isStacked ? 27 : rowHeight / 2) + 3 }

  /// The place of a number in a row.
  func place(_ value: Double, row: Int) -> Canvas.Point { .init(area.left + axis.position(value), middle(of: row)) }

  /// Draws the scale, which lies behind pictures.
  func drawScale(on canvas: inout Canvas, title: String?) {
    PlotFrame.drawAxis(axis, on: &canvas, area: area, title: title)
  }

  /// Writes labels and texts; in a narrow figure, they stand out from what passes behind them.
  func drawTexts(on canvas: inout Canvas) {
    for (row, label) in labels.enumerated() {
      let line = isStacked ? area.top + rowHeight * Double(row) + 13 : middle(of: row) + 4
      let place = isStacked ? Canvas.Point(Canvas.margin, line) : Canvas.Point(area.left - 14, line)
      canvas.text(label, at: place, anchor: isStacked ? .start : .end, room: labelRoom, hasHalo: isStacked)
      canvas.text(
        texts[row], at: .init(canvas.width - Canvas.margin, line), size: 11, anchor: .end, paint: .muted,
        hasHalo: isStacked)
    }
  }
}

/// Plots side by side and below each other, as many in a line as have room.
struct PanelGrid {
  private let columns: Int
  private let width: Double
  private let height: Double
  private let top: Double

  /// Lays out plots.
  ///
  /// - Parameters:
  ///   - count: how many there are.
  ///   - top: the upper end of the first line.
  ///   - canvas: what is drawn on.
  ///   - least: the least width of each in pixels.
  ///   - height: the height of each in pixels, with its labels.
  init(count: Int, top: Double, on canvas: Canvas, least: Double = 176, height: Double) {
    columns = max(1, min(count, Int((canvas.width - 2 * Canvas.margin) / least)))
    width = (canvas.width - 2 * Canvas.margin) / Double(columns)
    self.height = height
    self.top = top
  }

  /// The place of a plot with its labels.
  subscript(_ index: Int) -> Canvas.Box {
    let left = Canvas.margin + width * Double(index % columns)
    let top = self.top + height * Double(index / columns)
    return .init(left: left, top: top, right: left + width, bottom: top + height)
  }
}
