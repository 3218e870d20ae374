import CLabKernels
import COneDNN
import LabCore
import LabGraph

/// What the kernels of a dynamic convolution share: its extents and where its attentions are.
struct DynamicConvolutionOperands {
  var attentions: DynamicAttentions
  var kernel: SlotID?
  var spatial: SlotID?
  var channel: SlotID?
  var filter: SlotID?
  var kernelCount: Int
  var inputChannels: Int
  var outputChannels: Int
  var groups: Int
  var taps: Int

  init(
    attentions: DynamicAttentions, slots: [SlotID], kernels: Shape, geometry: ConvolutionGeometry
  ) {
    self.attentions = attentions
    var rest = slots[...]
    kernel = attentions.contains(.kernel) ? rest.removeFirst() : nil
    spatial = attentions.contains(.spatial) ? rest.removeFirst() : nil
    channel = attentions.contains(.channel) ? rest.removeFirst() : nil
    filter = attentions.contains(.filter) ? rest.removeFirst() : nil
    kernelCount = kernels[0]
    outputChannels = kernels[1]
    inputChannels = kernels[2] * geometry.groups
    groups = geometry.groups
    taps = kernels[3] * kernels[4]
  }

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
