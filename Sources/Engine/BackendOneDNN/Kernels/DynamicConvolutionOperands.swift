import CLabKernels
import COneDNN
import LabCore
import LabGraph

/// What the kernels of a dynamic convolution share: its extents and where its attentions are.
struct DynamicConvolutionOperands {
  let kernel: SlotID?
  let spatial: SlotID?
  let channel: SlotID?
  let filter: SlotID?
  let kernelCount: Int
  /// The convolution as it is computed.
  let shape: OneDnnConvolutionShape
  /// The number of channels that are interleaved, 1 for dense weights.
  let block: Int

  var inputChannels: Int { shape.inputChannels }
  var outputChannels: Int { shape.outputChannels }
  var groups: Int { shape.groups }
  var taps: Int { shape.kernelHeight * shape.kernelWidth }
  var isBlocked: Bool { block > 1 }
  /// Whether each group has one channel, so that a channel's and a filter's attention multiply the same weights.
  var isDepthWise: Bool { groups > 1 && inputChannels == groups && outputChannels == groups }
  var inputBlocks: Int { (inputChannels + block - 1) / block }
  var outputBlocks: Int { (outputChannels + block - 1) / block }
  /// Channels with the padding of the last block, whose attentions and weights are zeros.
  var paddedInputChannels: Int { inputBlocks * block }
  var paddedOutputChannels: Int { outputBlocks * block }

  var slots: [SlotID] { [kernel, spatial, channel, filter].compactMap { $0 } }

  /// One sample's attentions; absent ones are null.
  struct Sample {
    var kernel: UnsafeMutablePointer<Float>?
    var spatial: UnsafeMutablePointer<Float>?
    var channel: UnsafeMutablePointer<Float>?
    var filter: UnsafeMutablePointer<Float>?
  }

  func sample(_ index: Int, _ worker: Worker) -> Sample {
    Sample(
      kernel: kernel.map { worker.pointer($0, sample: index) },
      spatial: spatial.map { worker.pointer($0, sample: index) },
      channel: channel.map { worker.pointer($0, sample: index) },
      filter: filter.map { worker.pointer($0, sample: index) })
  }

  /// Fills `[taps][rows]` with spatial × row attentions.
  func fillRowFactors(
    _ table: UnsafeMutablePointer<Float>, rows: Int, row: UnsafeMutablePointer<Float>?,
    spatial: UnsafeMutablePointer<Float>?
  ) {
    for t in 0..<taps {
      let tap = spatial?[t] ?? 1
      let target = table + t * rows
      if let row {
        for r in 0..<rows { target[r] = tap * row[r] }
      } else {
        target.update(repeating: tap, count: rows)
      }
    }
  }
}
