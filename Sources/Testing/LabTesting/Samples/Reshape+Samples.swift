import LabCore
import LabGraph

extension OperationSamples {
  static let reshape = [
    OperationSample(Reshape([2, 60]), "flattening an image", [.tensor([2, 5, 3, 4])]),
    OperationSample(Reshape([2, 144]), "flattening blocked channels", [.tensor([2, 16, 3, 3])]),
    OperationSample(Reshape([2, 2, 3, 4, 4]), "groups of channels", [.tensor([2, 6, 4, 4])]),
    OperationSample(Reshape([1, 5, 1, 1]), "a vector to a channel factor", [.tensor([5])]),
    OperationSample(Reshape(.scalar), "one element to a scalar", [.tensor([1, 1])]),
  ]
}
