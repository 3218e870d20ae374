import CLabKernels
import COneDNN
import LabGraph

/// The CPU executor: oneDNN's convolutions, own vector kernels, one arena, no allocation in a step.
public struct OneDNNBackend: Backend {
  /// Creates the backend.
  public init() {}

  public var name: String { "onednn" }

  /// The version of the oneDNN library that is loaded.
  public static var libraryVersion: String { String(cString: oneDnnVersion()) }

  /// The instruction set of the vector kernels: `avx512`, `avx2` or `portable`.
  public static var instructionSet: String { String(cString: labKernels().pointee.name) }

  /// The fused multiply-add throughput of one core in GFLOP/s, measured for some milliseconds.
  public static func measurePeakGigaflops(milliseconds: Int = 200) -> Double {
    labMeasurePeakGflops(Int32(milliseconds))
  }

  public func makeSession(_ options: SessionOptions) throws -> any Session {
    OneDNNSession(options)
  }
}
