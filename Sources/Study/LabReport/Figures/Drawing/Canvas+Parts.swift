/// What figures have in common: titles, notes, keys and the sides of plots.
extension Canvas {
  /// Writes the title and what it says more precisely, and gives the top of what comes below.
  public mutating func header(_ title: String, _ subtitle: String? = nil) -> Double {
    var y = Canvas.margin
    let room = width - 2 * Canvas.margin
    for line in TextMeasure.lines(title.singleLine, width: room, size: 15, isBold: true) {
      text(line, at: Point(Canvas.margin, y + 13), size: 15, isBold: true)
      y += 19
    }
    for line in TextMeasure.lines((subtitle ?? "").singleLine, width: room, size: 12) {
      text(line, at: Point(Canvas.margin, y + 11), paint: .muted)
      y += 16
    }
    return y + 10
  }

  /// Writes notes below everything that has been drawn.
  public mutating func notes(_ notes: [String]) {
    var y = (bounds?.bottom ?? Canvas.margin) + 10
    for note in notes {
      for line in TextMeasure.lines(note.singleLine, width: width - 2 * Canvas.margin, size: 11) {
        text(line, at: Point(Canvas.margin, y + 9), size: 11, paint: .muted)
        y += 15
      }
    }
  }

  /// Says that there is nothing to draw.
  mutating func nothing(_ sentence: String, top: Double) {
    text(sentence, at: Point(Canvas.margin, top + 20), paint: .muted, room: width - 2 * Canvas.margin)
  }

  /// What a key explains.
  public struct KeyEntry: Sendable {
    /// What is drawn before the text.
    public enum Sample: Sendable {
      case mark(MarkShape, Paint)
      case line(Paint, Dash, MarkShape?)
      case interval(Paint, width: Double)
      case block(Paint)
    }

    public let sample: Sample
    public let text: String

    /// Creates an entry.
    public init(_ sample: Sample, _ text: String) {
      self.sample = sample
      self.text = text
    }
  }

  /// Draws a key in lines, and gives the top of what comes below.
  public mutating func key(_ entries: [KeyEntry], top: Double) -> Double {
    guard !entries.isEmpty else { return top }
    var (x, y) = (Canvas.margin, top + 9)
    for entry in entries {
      let sampleWidth: Double =
        switch entry.sample {
        case .mark: 12
        case .block: 16
        case .line, .interval: 30
        }
      let room = width - 2 * Canvas.margin - sampleWidth - 6
      let needed = sampleWidth + 6 + min(room, TextMeasure.width(of: entry.text.singleLine, size: 11))
      if x > Canvas.margin, x + needed > width - Canvas.margin {
        x = Canvas.margin
        y += 18
      }
      draw(entry.sample, x: x, y: y, width: sampleWidth)
      text(entry.text, at: Point(x + sampleWidth + 6, y + 4), size: 11, room: room)
      x += needed + 18
    }
    return y + 16
  }

  private mutating func draw(_ sample: KeyEntry.Sample, x: Double, y: Double, width: Double) {
    switch sample {
    case .mark(let shape, let paint): mark(shape, at: Point(x + width / 2, y), paint: paint)
    case .block(let paint):
      rectangle(Box(left: x, top: y - 6, right: x + width, bottom: y + 6), fill: paint, outline: .grid)
    case .interval(let paint, let thickness):
      line([Point(x, y), Point(x + width, y)], paint: paint, width: thickness)
    case .line(let paint, let dash, let shape):
      line([Point(x, y), Point(x + width, y)], paint: paint, width: 2, dash: dash)
      if let shape { mark(shape, at: Point(x + width / 2, y), size: 7, paint: paint) }
    }
  }
}
