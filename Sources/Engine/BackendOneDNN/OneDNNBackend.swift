import CLabKernels
import COneDNN
import LabCore
import LabGraph

/// The CPU executor: oneDNN's convolutions, own vector kernels, one arena, no allocation in a step.
public struct OneDNNBackend: Backend {
  /// The vector kernels that sessions use; nil for the widest that this machine has.
  private let chosenSet: String?
  private let bfloat16Products: BFloat16Products
  /// What `calibrated` sessions go by.
  public let calibration: Calibration
  /// Methods that an earlier session recorded, before which the calibration's do not count.
  private var recorded: [String: ConvolutionMethod] = [:]
  /// The method of all sessions' convolutions that it exists for, whatever is faster.
  private var fixedMethod: ConvolutionMethod?

  /// Creates the backend with the widest vector kernels of this machine, within `LABRUN_MAX_ISA`.
  ///
  /// - Parameter calibration: what `calibrated` sessions go by; one of this process unless given.
  public init(calibration: Calibration = Calibration()) {
    self.init(bfloat16Products: .available, calibration: calibration)
  }

  /// Creates the backend as for a processor that multiplies bfloat16 numbers in a given way, which others imitate slowly.
  package init(bfloat16Products: BFloat16Products, calibration: Calibration = Calibration()) {
    chosenSet = nil
    self.bfloat16Products = bfloat16Products
    self.calibration = calibration
  }

  /// Creates the backend that computes convolutions by one method, wherever it exists.
  ///
  /// - Throws: `GraphError.name` for an instruction set that this machine does not have.
  package init(method: ConvolutionMethod, instructionSet: String = OneDNNBackend.instructionSet) throws {
    try self.init(instructionSet: instructionSet)
    fixedMethod = method
  }

  /// Creates the backend with the vector kernels, and so with the blocks of channels, of a narrower instruction set.
  ///
  /// - Parameter instructionSet: one of ``availableInstructionSets``.
  /// - Throws: `GraphError.name` for any other name.
  public init(instructionSet: String) throws {
    guard labKernelsNamed(instructionSet) != nil else {
      let available = OneDNNBackend.availableInstructionSets
      throw GraphError.name(
        subject: instructionSet,
        problem: "this machine has no such instruction set"
          + "\(NearestName.hint(for: instructionSet, among: available)); it has \(available.joined(separator: ", "))")
    }
    chosenSet = instructionSet
    bfloat16Products = .available
    calibration = Calibration()
  }

  /// The backend with `calibrated` sessions that choose as an earlier session did, whatever was measured since.
  public func repeating(_ choices: [String: String]) -> any Backend {
    var backend = self
    backend.recorded = choices.compactMapValues(ConvolutionMethod.init(rawValue:))
    return backend
  }

  /// The instruction sets whose kernels this machine can run, the widest first.
  public static var availableInstructionSets: [String] {
    ["avx512", "avx2", "portable"].filter { labKernelsNamed($0) != nil }
  }

  public var name: String { Self.definition.name }

  /// The version of the oneDNN library that is loaded.
  public static var libraryVersion: String { String(cString: oneDnnVersion()) }

  /// The instruction set of the vector kernels: `avx512`, `avx2` or `portable`.
  public static var instructionSet: String { String(cString: labKernels().pointee.name) }

  /// The fused multiply-add throughput of one core in GFLOP/s, measured for some milliseconds.
  public static func measurePeakGigaflops(milliseconds: Int = 200) -> Double {
    labMeasurePeakGflops(Int32(milliseconds))
  }

  public func makeSession(_ options: SessionOptions) throws -> any Session {
    let choice: MethodChoice =
      switch options.algorithms {
      case .automatic: .rules
      case .direct: .fixed(.direct)
      case .calibrated: .measured(calibration, recorded: recorded)
      }
    return makeSession(options, choosing: fixedMethod.map { .fixed($0) } ?? choice)
  }

  /// Starts a session that chooses methods in a given way.
  func makeSession(_ options: SessionOptions, choosing choice: MethodChoice) -> OneDNNSession {
    OneDNNSession(
      options, kernels: chosenSet.flatMap { labKernelsNamed($0) } ?? labKernels(), bfloat16Products: bfloat16Products,
      backend: self, choosing: choice)
  }
}
