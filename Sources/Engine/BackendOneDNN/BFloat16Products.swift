import CLabKernels
import COneDNN
import LabGraph

/// How a processor multiplies bfloat16 numbers.
public enum BFloat16Products: String, Sendable, CaseIterable {
  /// Only by way of single precision.
  case none
  /// Pairs of them in vector units, at twice the rate of single precision.
  case vectors
  /// In matrix units, many times faster.
  case tiles

  /// The channels of a block for which there are such units.
  static let blockOfUnits = 16

  /// This machine's way, within `LABRUN_MAX_ISA`: narrower vectors have blocks of channels that such units do not take.
  public static var available: BFloat16Products {
    guard labKernels().pointee.block == blockOfUnits else { return .none }
    return switch oneDnnBFloat16() {
    case ONEDNN_BFLOAT16_TILES: .tiles
    case ONEDNN_BFLOAT16_VECTORS: .vectors
    default: .none
    }
  }
}

extension Emission {
  /// The plan with operands that are rounded to bfloat16 and multiplied as such, where the program has that precision and
  /// the processor gains by it; or the plan as it is.
  ///
  /// Convolutions in groups stay: memory limits them. So do those that take minimal filtering, unless there are matrix units:
  /// it was chosen as the faster one.
  func multiplyingBFloat16(_ plan: ConvolutionPlan) throws -> ConvolutionPlan {
    guard isBFloat16, session.bfloat16Products != .none, plan.shape.groups == 1, plan.isBlocked,
      try session.bfloat16Products == .tiles || winogradPlan(plan) == nil
    else { return plan }
    var rounded = plan
    rounded.multipliesBFloat16 = true
    return rounded.isFast ? rounded : plan
  }
}
