import LabGraph

extension OperationSamples {
  static let spaceToDepth = [
    OperationSample(SpaceToDepth(), "3 channels", [.tensor([2, 3, 4, 6])]),
    OperationSample(SpaceToDepth(), "16 channels", [.tensor([2, 16, 6, 4])]),
    OperationSample(SpaceToDepth(), "20 channels", [.tensor([1, 20, 4, 4])]),
    OperationSample(SpaceToDepth(scale: 3), "scale 3", [.tensor([1, 2, 6, 3])]),
    OperationSample(SpaceToDepth(scale: 1), "scale 1", [.tensor([1, 2, 3, 3])]),
  ]

  static let depthToSpace = [
    OperationSample(DepthToSpace(), "12 channels", [.tensor([2, 12, 2, 3])]),
    OperationSample(DepthToSpace(), "64 channels", [.tensor([2, 64, 3, 2])]),
    OperationSample(DepthToSpace(scale: 3), "scale 3", [.tensor([1, 18, 2, 1])]),
  ]
}
