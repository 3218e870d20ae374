import CLabMachine
import Foundation
import LabCore

/// Memory that is aligned to cache lines and starts as zeros.
///
/// Large memory asks for large pages: a step streams through hundreds of megabytes, and what a chunk leaves in the
/// second-level cache conflicts less where it is contiguous.
package final class AlignedMemory {
  private static let largePageBytes = 2 << 20

  /// The first byte.
  package let base: UnsafeMutableRawPointer
  /// The size in bytes.
  package let byteCount: Int
  private let isPlanned: Bool

  /// Plans memory of a size: its address is none, and nothing may be read from it or written to it.
  init(planning byteCount: Int) {
    self.byteCount = max(byteCount, 64)
    isPlanned = true
    base = UnsafeMutableRawPointer(bitPattern: AlignedMemory.largePageBytes)!
  }

  /// Takes memory of a size.
  ///
  /// - Throws: ``LabCore/MachineError/memory(bytes:purpose:)`` where the system refuses it.
  package init(byteCount: Int) throws {
    self.byteCount = max(byteCount, 64)
    isPlanned = false
    let isLarge = byteCount >= AlignedMemory.largePageBytes / 2
    guard let memory = labTryAllocate(self.byteCount, isLarge ? AlignedMemory.largePageBytes : 64) else {
      throw MachineError.memory(bytes: self.byteCount, purpose: "a model's variables and activations")
    }
    base = memory
    #if os(Linux)
      // Advice only: where the system has no large pages, small ones serve.
      if isLarge { madvise(base, self.byteCount, Int32(MADV_HUGEPAGE)) }
    #endif
    base.initializeMemory(as: UInt8.self, repeating: 0, count: self.byteCount)
  }

  deinit { if !isPlanned { free(base) } }

  /// The memory as floats.
  package var floats: UnsafeMutablePointer<Float> { base.assumingMemoryBound(to: Float.self) }
}
