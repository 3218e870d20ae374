/// Identifies a tensor of a compiled program.
package struct SlotID: Hashable {
  package var index: Int

  package init(index: Int) { self.index = index }
}

/// A tensor of a compiled program in its physical layout.
package struct Slot {
  /// Where its memory is.
  package enum Storage: Equatable {
    case unassigned
    /// In the program's arena, for all samples.
    case arena(offset: Int)
    /// In each worker's scratch, for the samples of one chunk.
    case local(offset: Int)
    /// In each worker's scratch for the samples of one chunk, at a place that each segment has for it.
    case perSegment
    /// Owned by something that lives longer than a step: a variable, an input, a constant.
    case external(UnsafeMutableRawPointer)

    /// Whether there is memory for the samples of one chunk only.
    var isLocal: Bool {
      switch self {
      case .local, .perSegment: true
      case .unassigned, .arena, .external: false
      }
    }
  }

  /// Bytes of one sample, or of the whole tensor where it has no sample dimension.
  package var bytesPerSample: Int
  /// The extent of the sample dimension; 1 for a tensor without.
  package var samples: Int
  package var storage = Storage.unassigned
  /// Whether it is an image of single-precision numbers, which may lie between segments in bfloat16.
  package var holdsImage = false

  package init(
    bytesPerSample: Int, samples: Int, storage: Storage = .unassigned, holdsImage: Bool = false
  ) {
    self.bytesPerSample = bytesPerSample
    self.samples = samples
    self.storage = storage
    self.holdsImage = holdsImage
  }

  /// Bytes of all samples.
  package var byteCount: Int { bytesPerSample * samples }
}
