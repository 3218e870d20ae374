/// A table of colours, a row and a column for each pair of names.
///
/// Numbers stand in its cells where there is room. Where there is none, a stroke marks what is below zero. Columns that
/// do not fit beside each other go on below.
struct ColorMap {
  /// A cell.
  struct Cell {
    /// Its colour.
    var paint: Paint
    /// What stands in it where there is room.
    var text: String
    /// Whether it has a stroke where there is no room for its text.
    var isMarked = false
    /// Whether it is framed.
    var isFramed = false
    /// What is shown where the pointer is.
    var hint: String
    /// Where it leads; nil for nowhere.
    var address: String?
  }

  /// The names of rows and of columns.
  let rows: [String]
  let columns: [String]
  /// The cell of a row and a column; nil where there is none.
  let cell: (Int, Int) -> Cell?
  /// Whether a column that does not fit beside the others goes on below; else all are made narrower.
  var breaks = true
  /// Whether a cell that is not there is unknown, and struck out, rather than nothing.
  var emptyIsUnknown = false
  /// What rows and columns are; nil to leave it out.
  var rowTitle: String?
  var columnTitle: String?

  private static let textSize = 10.0

  /// Draws the table, and gives the top of what comes below.
  func draw(on canvas: inout Canvas, top: Double) -> Double {
    let inner = canvas.width - 2 * Canvas.margin
    let labelRoom = min(rows.map { TextMeasure.width(of: $0.singleLine, size: 11) }.max() ?? 0, inner * 0.3)
    let room = inner - labelRoom - 8
    let texts = rows.indices.flatMap { row in columns.indices.compactMap { cell(row, $0)?.text } }
    let needed = 6 + (texts.map { TextMeasure.width(of: $0, size: ColorMap.textSize) }.max() ?? 0)
    let least = breaks ? 15.0 : 1
    let most = max(1, min(columns.count, Int(room / least)))
    // Parts below each other are about as wide.
    let parts = (columns.count + most - 1) / most
    let count = (columns.count + max(1, parts) - 1) / max(1, parts)
    let names = 10 + (columns.map { TextMeasure.width(of: $0.singleLine, size: 11) }.max() ?? 0)
    let wanted = max(needed, 34, names <= room / Double(max(1, count)) ? names : 0)
    let width = min(wanted, room / Double(max(1, count)))
    var y = top
    for start in stride(from: 0, to: columns.count, by: max(1, count)) {
      let block = start..<min(columns.count, start + count)
      y = draw(
        block, width: width, left: Canvas.margin + labelRoom + 8, labelRoom: labelRoom, top: y,
        hasTexts: needed <= width, on: &canvas)
    }
    return y
  }

  private func draw(
    _ block: Range<Int>, width: Double, left: Double, labelRoom: Double, top: Double, hasTexts: Bool,
    on canvas: inout Canvas
  ) -> Double {
    let height = min(22, max(15, width))
    let right = left + width * Double(block.count)
    var y = top
    if let columnTitle {
      canvas.text(
        columnTitle, at: .init(left, y + 10), size: 11, paint: .muted, room: canvas.width - Canvas.margin - left)
      y += 18
    }
    y = drawHead(block, width: width, left: left, top: y, on: &canvas)
    if let rowTitle {
      canvas.text(rowTitle, at: .init(left - 8, y - 5), size: 11, anchor: .end, paint: .muted, room: labelRoom)
    }
    let area = Canvas.Box(left: left, top: y, right: right, bottom: y + height * Double(rows.count))
    canvas.rectangle(area, fill: emptyIsUnknown ? nil : .region, outline: .grid)
    for (row, name) in rows.enumerated() {
      let line = y + height * Double(row)
      canvas.text(name, at: .init(left - 8, line + height / 2 + 4), size: 11, anchor: .end, room: labelRoom)
      for (index, column) in block.enumerated() {
        let gap = width > 8 ? 0.5 : 0
        let box = Canvas.Box(
          left: left + width * Double(index) + gap, top: line + gap, right: left + width * Double(index + 1) - gap,
          bottom: line + height - gap)
        guard let cell = cell(row, column) else {
          if emptyIsUnknown { canvas.line([.init(box.left, box.bottom), .init(box.right, box.top)], paint: .grid) }
          continue
        }
        if let address = cell.address { canvas.beginLink(to: address) }
        defer { if cell.address != nil { canvas.endLink() } }
        canvas.rectangle(box, fill: cell.paint, outline: cell.isFramed ? .ink : nil, hint: cell.hint)
        let middle = Canvas.Point((box.left + box.right) / 2, (box.top + box.bottom) / 2)
        if hasTexts {
          canvas.text(
            cell.text, at: .init(middle.x, middle.y + 3.5), size: ColorMap.textSize, anchor: .middle,
            paint: cell.paint.label)
        } else if cell.isMarked {
          let half = min(3, width / 4)
          canvas.line(
            [.init(middle.x - half, middle.y), .init(middle.x + half, middle.y)], paint: cell.paint.label, width: 1.2)
        }
      }
    }
    return y + height * Double(rows.count) + 14
  }

  /// The names of columns: side by side, or upright, or the numbers of some where there are too many.
  private func drawHead(_ block: Range<Int>, width: Double, left: Double, top: Double, on canvas: inout Canvas)
    -> Double
  {
    let names = block.map { columns[$0].singleLine }
    let widths = names.map { TextMeasure.width(of: $0, size: 11) }
    func middle(_ index: Int) -> Double { left + width * (Double(index) + 0.5) }
    if widths.allSatisfy({ $0 <= width - 8 }) {
      for (index, name) in names.enumerated() {
        canvas.text(name, at: .init(middle(index), top + 12), size: 11, anchor: .middle)
      }
      return top + 18
    }
    if width >= 13 {
      let height = min(120, widths.max() ?? 0)
      for (index, name) in names.enumerated() {
        canvas.text(name, at: .init(middle(index) + 4, top + height + 4), size: 11, room: height, isUpright: true)
      }
      return top + height + 10
    }
    // Rows have the same names with their numbers.
    let widest = TextMeasure.width(of: String(columns.count), size: 10) + 6
    let stride = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000].first { Double($0) * width >= widest } ?? columns.count
    for index in names.indices where (block.lowerBound + index + 1) % stride == 0 {
      let half = TextMeasure.width(of: String(block.lowerBound + index + 1), size: 10) / 2
      canvas.text(
        String(block.lowerBound + index + 1), at: .init(min(canvas.width - half - 1, middle(index)), top + 12),
        size: 10,
        anchor: .middle, paint: .muted)
    }
    return top + 18
  }

  /// Whether columns of a square table are too narrow for names, so that rows need numbers.
  static func needsNumbers(_ names: [String], width: Double) -> Bool {
    (width - 2 * Canvas.margin) * 0.7 / Double(max(1, names.count)) < 13.5
  }
}
