import LabGraph

extension OperationSamples {
  static let channelShuffle = [
    OperationSample(ChannelShuffle(groups: 2), "a few channels", [.tensor([2, 4, 3, 2])]),
    OperationSample(ChannelShuffle(groups: 3), "part of a block", [.tensor([2, 24, 3, 4])]),
    OperationSample(ChannelShuffle(groups: 2), "blocked channels", [.tensor([3, 64, 2, 3])]),
    OperationSample(ChannelShuffle(groups: 1), "nothing", [.tensor([2, 6, 2, 2])]),
  ]
}
