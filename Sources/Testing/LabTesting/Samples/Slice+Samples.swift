import LabGraph

extension OperationSamples {
  static let slice = [
    OperationSample(Slice(axis: 1, start: 1, count: 3), "channels", [.tensor([2, 5, 3, 4])]),
    OperationSample(Slice(axis: 1, start: 16, count: 16), "blocked channels", [.tensor([2, 48, 3, 3])]),
    OperationSample(Slice(axis: 1, start: 0, count: 20), "part of a block", [.tensor([2, 32, 3, 3])]),
    OperationSample(Slice(axis: 1, start: 7, count: 21), "channels across blocks", [.tensor([2, 40, 2, 3])]),
    OperationSample(Slice(axis: 1, start: 30, count: 2), "a few of many channels", [.tensor([2, 40, 2, 3])]),
    OperationSample(Slice(axis: 0, start: 2, count: 1), "a sample", [.tensor([3, 2, 2, 2])]),
    OperationSample(Slice(axis: 3, start: 1, count: 2), "columns", [.tensor([2, 3, 3, 4])]),
    OperationSample(Slice(axis: 3, start: 1, count: 3), "columns of blocked channels", [.tensor([2, 20, 3, 6])]),
    OperationSample(Slice(axis: 2, start: 2, count: 1), "a row of blocked channels", [.tensor([3, 16, 4, 3])]),
    OperationSample(Slice(axis: 0, start: 0, count: 5), "everything", [.tensor([5])]),
  ]
}
