import Foundation
import Testing

extension Labrun {
  private static let photoClasses = ["<b>stop", "yield", "turn"]

  /// A gray image whose pixels follow from a number.
  static func bitmap(_ number: Int, width: Int = 12, height: Int = 12) -> Data {
    Data("P5 \(width) \(height) 255\n".utf8)
      + Data((0..<width * height).map { UInt8(truncatingIfNeeded: number &* 37 &+ $0 &* (number % 7 + 3)) })
  }

  /// A program with a folder of images, some of which are there twice, are damaged or of an odd shape, and sweeps that use it.
  static func withPhotos() throws -> Labrun {
    let labrun = try Labrun()
    var number = 0
    func write(_ data: Data, _ path: String) throws {
      let file = labrun.folder.appendingPathComponent("photos/\(path)")
      try FileManager.default.createDirectory(
        at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
      try data.write(to: file)
    }
    for name in photoClasses {
      for index in 0..<12 {
        number += 1
        try write(bitmap(number), "train/\(name)/\(index).pgm")
        if index < 6 { try write(bitmap(number + 100), "test/\(name)/\(index).pgm") }
      }
    }
    try write(bitmap(1), "test/<b>stop/leak.pgm")
    try write(bitmap(2), "train/yield/wrong.pgm")
    try write(Data("P5 12 12 255\n".utf8), "train/turn/broken.pgm")
    try write(bitmap(3, width: 400, height: 6), "train/turn/wide.pgm")
    func spec(_ name: String, _ dataset: String) -> String {
      """
      {
        "name": "\(name)", "dataset": { \(dataset) },
        "model": { "architecture": "plain", "depth": 4, "width": 4 }, "training": { "epochs": 1, "batch_size": 8 },
        "factors": { "loss": ["cross-entropy", "focal"] }, "baseline": { "loss": "cross-entropy" }, "seeds": [0]
      }
      """
    }
    let photos = #""name": "image-folder", "path": "photos", "on_corrupt": "skip", "image_size": "#
    // Two sizes, two limits: one data set.
    try labrun.write(spec("small", photos + "8"), to: "Experiments/small.json")
    try labrun.write(
      spec("large", photos + #"12, "train_limit": 20, "normalize": false"#), to: "Experiments/large.json")
    try labrun.write(
      spec("signs", #""name": "synthetic-signs", "image_size": 16, "train_count": 50, "test_count": 45"#),
      to: "Experiments/signs.json")
    for name in ["small", "large", "signs"] {
      let sweep = try labrun.run("sweep", name)
      #expect(sweep.status == 0, "\(sweep.errors)")
    }
    return labrun
  }
}
