import CLabKernels
import Testing

/// An instruction set whose kernels this machine can run.
struct Instructions: Sendable, CustomTestStringConvertible {
  let name: String

  /// Every set that can be tested here.
  static let available = ["avx512", "avx2", "portable"].map { Instructions(name: $0) }.filter {
    labKernelsNamed($0.name) != nil
  }

  var kernels: LabKernels {
    get throws { try #require(labKernelsNamed(name)).pointee }
  }

  var testDescription: String { name }
}
