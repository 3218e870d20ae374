import LabGraph

extension OperationSamples {
  static let permute = [
    OperationSample(Permute([1, 0]), "transposition", [.tensor([3, 5])]),
    OperationSample(Permute([0, 2, 1, 3, 4]), "channel shuffle", [.tensor([2, 3, 4, 3, 2])]),
    OperationSample(Permute([0, 2, 3, 1]), "channels last", [.tensor([2, 5, 3, 4])]),
    OperationSample(Permute([3, 0, 1, 2]), "a cycle of four", [.tensor([2, 3, 4, 5])]),
    OperationSample(Permute([0, 1, 2]), "nothing", [.tensor([2, 3, 4])]),
  ]
}
