import Foundation
import LabReport
import LabStats

/// Data of all parts for figures, with few and many variants and with what data can be at worst.
enum FigureSamples {
  /// A name, and data that have every part.
  static let all: [(name: String, data: FigureData)] = [
    ("few", make(variants: 6)), ("many", make(variants: 40)), ("one", make(variants: 1, seeds: 1, epochs: 1)),
    ("empty", make(variants: 0)), ("unknown", make(variants: 5) { _ in .nan }),
    ("partly", make(variants: 7) { Int($0 * 1000) % 3 == 0 ? .nan : $0 }), ("equal", make(variants: 4) { _ in 7.25 }),
    ("zero", make(variants: 4) { _ in -0.0 }), ("huge", make(variants: 5) { pow(10, $0) * ($0 > 0 ? 1 : -1) }),
    ("largest", make(variants: 3) { $0 > 0 ? .greatestFiniteMagnitude : -.greatestFiniteMagnitude }),
    ("tiny", make(variants: 5) { $0 * 1e-12 }), ("names", make(variants: 9, longNames: true)),
  ]

  /// A number between −1 and 1 that differs with each index.
  static func noise(_ index: Int) -> Double {
    let mixed = UInt64(truncatingIfNeeded: index &+ 1) &* 0x9e37_79b9_7f4a_7c15
    return Double((mixed ^ (mixed >> 29)) >> 11 & 0xfffff) / Double(0x7ffff) - 1
  }

  private static let names = [
    "static", "odconv-4x", "focal loss", "no augmentation", "cosine, warm-up", "SE blocks", "mixup 0.2", "dropout 0.5",
    "label smoothing 0.1", "wide 2×",
  ]

  private static func name(_ index: Int, long: Bool) -> String {
    let name = names[index % names.count] + (index < names.count ? "" : " \(index / names.count + 1)")
    return long ? "\(name) & <model.conv=dynamic, kernels=4, reduction=0.0625, temperature=31> \(index)" : name
  }

  static func make(
    variants count: Int, seeds: Int = 3, epochs: Int = 12, longNames: Bool = false,
    shape: (Double) -> Double = { $0 }
  ) -> FigureData {
    let labels = (0..<count).map { name($0, long: longNames) }
    var data = FigureData(
      name: "ablation", metric: .init("test accuracy", unit: "%", differenceUnit: "points"), baseline: labels.first,
      notes: ["\(seeds) seeds; a seed's variants share initial weights and the order of images."])
    data.comparisons = comparisons(labels, shape)
    data.lesions = .init("odconv-4x", comparisons(labels, shape))
    data.runs = labels.enumerated().flatMap { index, label in
      (0..<seeds).map {
        FigureData.Run(
          label, seed: UInt64($0), value: shape(75 + 3 * noise(index) + noise(900 + $0) + 0.4 * noise(index * 31 + $0)))
      }
    }
    data.curves = curves(labels, epochs, shape)
    addAnalyses(to: &data, labels, shape)
    return data
  }

  private static func comparisons(_ labels: [String], _ shape: (Double) -> Double) -> FigureData.Comparisons {
    .init(
      labels.enumerated().dropFirst().map { index, label in
        let estimate = shape(3 * noise(index) * noise(index + 7))
        let (narrow, wide) = (0.9 + 0.1 * noise(index), 1.36)
        let verdict: Verdict =
          estimate - wide > 0 ? .better : estimate + wide < 0 ? .worse : index % 3 == 0 ? .equivalent : .undecided
        return .init(
          label, estimate: estimate, single: .init(estimate - narrow, estimate + narrow),
          simultaneous: .init(estimate - wide, estimate + wide), verdict: verdict,
          note: index % 5 == 4 ? "preliminary: runs still improve" : nil)
      }, smallestEffect: 0.5)
  }

  private static func curves(_ labels: [String], _ epochs: Int, _ shape: (Double) -> Double) -> FigureData.Curves {
    func course(_ label: String, _ value: (Int) -> Double, half: Double) -> FigureData.Curves.Course {
      .init(
        label,
        (1...epochs).map { epoch in
          let value = shape(value(epoch))
          return .init(epoch, value, band: .init(value - half, value + half))
        })
    }
    func rise(_ index: Int, _ epoch: Int) -> Double {
      70 + 3 * noise(index) - 50 * exp(-Double(epoch) / (3 + noise(index + 5))) + 0.8 * noise(index * 100 + epoch)
    }
    return .init(
      means: labels.indices.map { index in course(labels[index], { rise(index, $0) }, half: 1.4) },
      differences: labels.indices.dropFirst().map { index in
        course(labels[index], { rise(index, $0) - rise(0, $0) }, half: 2.5)
      })
  }
}
