import LabCore

/// Random numbers between -1 and 1 on a grid over the picture, joined smoothly.
struct SmoothTexture {
  private let cellsAcross: Int
  private var corners: [Float]

  /// Creates a flat texture.
  ///
  /// - Parameter cellsAcross: the number of grid cells in each direction.
  init(cellsAcross: Int) {
    self.cellsAcross = cellsAcross
    corners = Array(repeating: 0, count: (cellsAcross + 1) * (cellsAcross + 1))
  }

  /// Draws new numbers.
  mutating func draw(from stream: RandomStream, octave: UInt64) {
    for index in corners.indices { corners[index] = stream.uniform(UInt64(index), octave) * 2 - 1 }
  }

  /// The value at a position from -1 to 1 in each direction.
  func value(at position: SIMD2<Float>) -> Float {
    let scaled = (position + 1) * (Float(cellsAcross) / 2)
    let column = min(cellsAcross - 1, Int(scaled.x))
    let row = min(cellsAcross - 1, Int(scaled.y))
    var part = scaled - SIMD2(Float(column), Float(row))
    part = part * part * (3 - 2 * part)
    let first = row * (cellsAcross + 1) + column
    let second = first + cellsAcross + 1
    let top = corners[first] + (corners[first + 1] - corners[first]) * part.x
    let bottom = corners[second] + (corners[second + 1] - corners[second]) * part.x
    return top + (bottom - top) * part.y
  }
}
