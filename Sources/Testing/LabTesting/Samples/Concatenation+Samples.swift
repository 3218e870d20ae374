import LabCore
import LabGraph

extension OperationSamples {
  static let concatenation = [
    OperationSample(
      Concatenation(axis: 1), "channels", [.tensor([2, 3, 4, 5]), .tensor([2, 16, 4, 5]), .tensor([2, 1, 4, 5])]),
    OperationSample(Concatenation(axis: 1), "blocked channels", [.tensor([2, 16, 3, 3]), .tensor([2, 32, 3, 3])]),
    OperationSample(
      Concatenation(axis: 1), "channels across blocks",
      [.tensor([3, 10, 2, 3]), .tensor([3, 20, 2, 3]), .tensor([3, 3, 2, 3])]),
    OperationSample(Concatenation(axis: 0), "samples", [.tensor([1, 3, 2, 2]), .tensor([4, 3, 2, 2])]),
    OperationSample(Concatenation(axis: 3), "columns", [.tensor([2, 3, 4, 1]), .tensor([2, 3, 4, 2])]),
    OperationSample(
      Concatenation(axis: 2), "rows of blocked channels", [.tensor([2, 20, 1, 4]), .tensor([2, 20, 3, 4])]),
    OperationSample(
      Concatenation(axis: 3), "columns of blocked channels", [.tensor([3, 16, 2, 4]), .tensor([3, 16, 2, 1])]),
    OperationSample(Concatenation(axis: 0), "one vector", [.tensor([5])]),
    OperationSample("concatenation", "one tensor twice", [.tensor([2, 3])]) { builder, operands in
      [try builder.apply(Concatenation(axis: 1), operands[0], operands[0])]
    },
  ]
}
