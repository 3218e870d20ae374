import CLabKernels

/// A group normalisation's operand and the extents of its groups.
struct GroupedImage {
  let x: SlotID
  let extent: LabExtent
  let groups: Int
  let block: Int

  var paddedChannels: Int { extent.blocks * block }
  var channelsPerGroup: Int { extent.channels / groups }
  /// The extent of one sample.
  var sample: LabExtent {
    LabExtent(samples: 1, channels: extent.channels, blocks: extent.blocks, pixels: extent.pixels)
  }

  func channels(of group: Int) -> Range<Int> { (group * channelsPerGroup)..<((group + 1) * channelsPerGroup) }
}
