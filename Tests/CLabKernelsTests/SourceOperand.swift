import CLabKernels

/// Which form an operand has in memory.
enum SourceForm: CaseIterable {
  case floats, bfloat16
}

/// A blocked operand in both of the forms that kernels read, which hold the same numbers where these have eight
/// significant bits.
struct SourceOperand {
  let floats: GuardedBuffer<Float>
  private let bfloat16: GuardedBuffer<UInt16>

  init(_ values: [Float]) {
    floats = GuardedBuffer(values)
    bfloat16 = GuardedBuffer(values.map { UInt16($0.bitPattern >> 16) })
  }

  func source(_ form: SourceForm) -> LabSource {
    switch form {
    case .floats: LabSource(floats: floats.pointer, bfloat16: nil)
    case .bfloat16:
      if floats.values.allSatisfy({ $0.bitPattern & 0xffff == 0 }) {
        LabSource(floats: nil, bfloat16: bfloat16.pointer)
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
