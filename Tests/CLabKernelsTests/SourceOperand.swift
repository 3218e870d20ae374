import CLabKernels

/// Which form an operand has in memory.
enum SourceForm: CaseIterable {
  case floats, halves
}

/// A blocked operand in both of the forms that kernels read, which hold the same numbers where these have eight
/// significant bits.
struct SourceOperand {
  let floats: GuardedBuffer<Float>
  private let halves: GuardedBuffer<UInt16>

  init(_ values: [Float]) {
    floats = GuardedBuffer(values)
    halves = GuardedBuffer(values.map { UInt16($0.bitPattern >> 16) })
  }

  func source(_ form: SourceForm) -> LabSource {
    switch form {
    case .floats: LabSource(floats: floats.pointer, halves: nil)
    case .halves:
      if floats.values.allSatisfy({ $0.bitPattern & 0xffff == 0 }) {
        LabSource(floats: nil, halves: halves.pointer)
      } else {
        preconditionFailure("a number has too many digits")
      }
    }
  }
}

extension TestRandom {
  /// Random numbers with eight significant bits.
  mutating func shortFloats(_ count: Int, scale: Float = 1) -> [Float] {
    floats(count, scale: scale).map(BFloat16Tests.nearest)
  }
}
