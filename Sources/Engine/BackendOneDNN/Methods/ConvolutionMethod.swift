/// How a pass of a convolution is computed.
public enum ConvolutionMethod: String, Sendable, Codable, CaseIterable {
  /// Products of images and weights.
  case direct
  /// Winograd's minimal filtering with tiles of 2×2 results.
  case winograd2x2 = "winograd 2×2"
  /// The same with tiles of 4×4 results.
  case winograd4x4 = "winograd 4×4"
  /// Products of one tap at a time, without weights of a sample's own: of dynamic convolutions.
  case taps

  /// Those that can take each other's place in any pass of a 3×3 convolution, so that measuring can choose among them.
  static let measured: [ConvolutionMethod] = [.direct, .winograd2x2, .winograd4x4]

  /// The results that a tile has on each side; nil for a method without tiles.
  var tileSide: Int? {
    switch self {
    case .direct, .taps: nil
    case .winograd2x2: 2
    case .winograd4x4: 4
    }
  }

  /// The method with tiles of so many results on each side.
  init(tileSide: Int?) {
    switch tileSide {
    case 2: self = .winograd2x2
    case 4: self = .winograd4x4
    default: self = .direct
    }
  }
}

/// How methods are chosen where there is a choice.
enum MethodChoice: Sendable {
  /// By rules of shapes, the same on every machine.
  case rules
  /// One method throughout, where it exists.
  case fixed(ConvolutionMethod)
  /// The fastest as measured on this machine, after those that a record names.
  case measured(Calibration, recorded: [String: ConvolutionMethod])
}
