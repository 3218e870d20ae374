import LabReport
import Testing

/// Labels that do not lie on each other.
@Suite struct LabelPlacementTests {
  @Test func labelsAreMovedApartAsLittleAsPossible() {
    #expect(LabelPlacement.spread([10, 50, 90], spacing: 14, within: 0...100) == [10, 50, 90])
    #expect(LabelPlacement.spread([50, 50], spacing: 14, within: 0...100) == [43, 57])
    #expect(LabelPlacement.spread([52, 48, 50], spacing: 10, within: 0...100) == [60, 40, 50])
    #expect(LabelPlacement.spread([0, 1], spacing: 10, within: 0...100) == [0, 10])
    #expect(LabelPlacement.spread([100, 99], spacing: 10, within: 0...100) == [100, 90])
    #expect(LabelPlacement.spread([], spacing: 10, within: 0...100).isEmpty)
  }

  @Test(arguments: 0..<40) func labelsKeepTheirDistanceAndOrder(_ seed: Int) {
    let wanted = (0..<(seed + 1)).map { 50 + 50 * FigureSamples.noise(seed * 100 + $0) }
    let places = LabelPlacement.spread(wanted, spacing: 9, within: 0...200)
    let order = wanted.indices.sorted { (wanted[$0], $0) < (wanted[$1], $1) }
    for (first, second) in zip(order, order.dropFirst()) { #expect(places[second] - places[first] >= 9 - 1e-9) }
    #expect(places.allSatisfy { $0 >= 0 })
    #expect(seed > 21 || places.allSatisfy { $0 <= 200 })
  }

  @Test func labelsBesideMarksCoverNothing() {
    let points = (0..<40).map {
      Canvas.Point(200 + 150 * FigureSamples.noise($0), 150 + 120 * FigureSamples.noise($0 + 50))
    }
    let area = Canvas.Box(left: 0, top: 0, right: 400, bottom: 300)
    let placed = LabelPlacement.beside((0..<40).map { "variant \($0)" }, at: points, within: area)
    #expect(placed.count > 10 && placed.first?.index == 0)
    for (index, label) in placed.enumerated() {
      #expect(area.contains(label.box))
      #expect(!placed[(index + 1)...].contains { $0.box.overlaps(label.box) })
      for (mark, point) in points.enumerated() where mark != label.index {
        let box = Canvas.Box(left: point.x - 4, top: point.y - 4, right: point.x + 4, bottom: point.y + 4)
        #expect(!box.overlaps(label.box))
      }
    }
  }

  @Test func textsAreCutToTheirRoom() {
    #expect(TextMeasure.shortened("accuracy", to: 200, size: 12) == "accuracy")
    let cut = TextMeasure.shortened("a very long name of a variant", to: 80, size: 12)
    #expect(TextMeasure.width(of: cut, size: 12) <= 80)
    #expect(cut.hasPrefix("a very") && cut.contains("…") && cut.hasSuffix("ant"), "\(cut)")
    #expect(TextMeasure.shortened("name", to: 0, size: 12) == "…")
    #expect(TextMeasure.width(of: "漢字", size: 10) >= 20)
    #expect(TextMeasure.lines("one two three", width: 60, size: 12).joined(separator: " ") == "one two three")
  }
}
