import LabCore
import LabGraph

extension OperationSamples {
  /// The places where some activation has no derivative.
  private static let kinks = [-3.0, 0, 3, 6]

  static let activation = Activation.Function.allCases.flatMap { function in
    [
      OperationSample(
        Activation(function), "\(function.rawValue) of an image",
        [.tensor([2, 5, 3, 7], .apart(from: kinks, by: 0.01))]),
      OperationSample(
        Activation(function), "\(function.rawValue) of a vector", [.tensor([19], .apart(from: kinks, by: 0.01))]),
    ]
  }

  static let activationGradient = Activation.Function.allCases.map { function in
    let saved = SampleOperand.Values.apart(from: kinks + [-1, 1], by: 0.01)
    return OperationSample(
      ActivationGradient(function), function.rawValue, [.fixed([3, 4, 5, 5]), .fixed([3, 4, 5, 5], saved)])
  }
}
