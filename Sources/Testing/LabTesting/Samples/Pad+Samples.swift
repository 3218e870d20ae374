import LabGraph

extension OperationSamples {
  static let pad = [
    OperationSample(Pad(axis: 1, before: 2, after: 1), "channels", [.tensor([2, 3, 3, 4])]),
    OperationSample(Pad(axis: 1, before: 0, after: 16), "blocked channels", [.tensor([2, 16, 3, 3])]),
    OperationSample(Pad(axis: 1, before: 5, after: 7), "channels across blocks", [.tensor([3, 20, 2, 3])]),
    OperationSample(Pad(axis: 2, before: 1, after: 0), "rows", [.tensor([2, 3, 3, 4])]),
    OperationSample(Pad(axis: 2, before: 1, after: 2), "rows of blocked channels", [.tensor([2, 20, 3, 4])]),
    OperationSample(Pad(axis: 3, before: 0, after: 1), "columns of blocked channels", [.tensor([3, 16, 2, 3])]),
    OperationSample(Pad(axis: 0, before: 0, after: 2), "a vector", [.tensor([5])]),
  ]
}
