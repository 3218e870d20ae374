import LabCore

/// Turns graphs into something that runs, and tells what it is.
///
/// Somebody else's backend is such a type and one line: `try Backends.registry.add(BackendDefinition(…))`.
public protocol Backend: Sendable {
  /// The name in specs, provenance and messages; a run's result belongs to the backend of this name.
  var name: String { get }

  /// What the backend computes with on this machine.
  var description: BackendDescription { get }

  /// The memory in bytes that all sessions share; nil where that is the machine's.
  var memoryBytes: Int? { get }

  /// What the user should know of the sessions so far, such as what was measured for them; nil for nothing.
  var remark: String? { get }

  /// What the user of a precision should know before training; nil where the backend computes as the precision says.
  func remark(on precision: Precision) -> String?

  /// The throughput that is open to one thread in GFLOP/s, measured for some milliseconds; nil where it has no such bound.
  func measurePeakGigaflops(milliseconds: Int) -> Double?

  /// The bytes a second that one thread moves between the memory and itself, in GB/s, measured for some milliseconds; nil where
  /// that bounds nothing.
  func measureBandwidth(milliseconds: Int) -> Double?

  /// What `labrun doctor` tells beside ``description``.
  func examine() -> [BackendFinding]

  /// The backend with sessions that choose as an earlier session did, whatever would be chosen now.
  ///
  /// - Parameter choices: that session's ``Session/choices``; what this version does not know is left out.
  func repeating(_ choices: [String: String]) -> any Backend

  /// Starts a session: a set of variables that several compiled graphs share.
  ///
  /// - Throws: ``GraphError`` where the options are none that the backend has.
  func makeSession(_ options: SessionOptions) throws -> any Session
}

extension Backend {
  public var description: BackendDescription { BackendDescription() }
  public var memoryBytes: Int? { nil }
  public var remark: String? { nil }
  public func remark(on precision: Precision) -> String? { nil }
  public func measurePeakGigaflops(milliseconds: Int) -> Double? { nil }
  public func measureBandwidth(milliseconds: Int) -> Double? { nil }
  public func examine() -> [BackendFinding] { [] }
  public func repeating(_ choices: [String: String]) -> any Backend { self }
}

/// How a session executes.
public struct SessionOptions: Sendable {
  /// The number of threads that one step may use.
  public var threads: Int
  /// Whether the time of each kind of kernel is recorded.
  public var profiles: Bool
  /// Which algorithms convolutions may use.
  public var algorithms: ConvolutionAlgorithms
  /// In what training steps keep activations and weights.
  public var precision: Precision
  /// What the backward pass computes again instead of keeping it, where the backend keeps anything.
  public var recomputation: Recomputation
  /// Whether programs are only planned, to know what memory they need, and are given none: nothing can be read, written or
  /// run.
  public var isPlan: Bool

  /// Creates options.
  public init(
    threads: Int = 1, profiles: Bool = false, algorithms: ConvolutionAlgorithms = .automatic,
    precision: Precision = .float32, recomputation: Recomputation = .normalizations, isPlan: Bool = false
  ) {
    self.isPlan = isPlan
    self.recomputation = recomputation
    self.threads = threads
    self.profiles = profiles
    self.algorithms = algorithms
    self.precision = precision
  }
}

/// The algorithms that a backend may choose from for convolutions.
public enum ConvolutionAlgorithms: String, Sendable, Codable, CaseIterable {
  /// The fastest for each shape by rules, which know shapes and the instruction set only: equal runs are equal to the bit on
  /// every machine with that instruction set.
  case automatic = "auto"
  /// The fastest for each shape as measured once on this machine: equal runs are equal to the bit for as long as what was
  /// measured is kept.
  case calibrated
  /// Products of images and weights only, without transforms and their rounding errors.
  case direct
}

/// Variables in a backend's own memory and layout, and the graphs compiled against them.
///
/// Not thread-safe: one run owns one session and uses it from one thread at a time.
public protocol Session: AnyObject {
  /// Compiles a graph; variables of the same name are shared with the session's other graphs.
  ///
  /// - Throws: ``GraphError`` where the graph is invalid or an operation has no kernel.
  func compile(_ graph: Graph) throws -> any Executable

  /// The variables of all graphs compiled so far, in order of first appearance.
  var variables: [Variable] { get }

  /// What was chosen where there was a choice: an algorithm by what it was chosen for, of all graphs compiled so far.
  var choices: [String: String] { get }

  /// A variable's numbers in dense row-major order.
  ///
  /// - Throws: ``GraphError/name(subject:problem:)`` for an unknown name.
  func read(_ name: String) throws -> [Float]

  /// Sets a variable from numbers in dense row-major order.
  ///
  /// - Throws: ``GraphError`` for an unknown name or a wrong count.
  func write(_ name: String, _ elements: [Float]) throws
}

extension Session {
  /// Nothing: a backend with one way to do each thing has no choice.
  public var choices: [String: String] { [:] }
}

/// A compiled graph.
public protocol Executable: AnyObject {
  /// Bytes of activations, gradients and scratch that running needs, known before anything is allocated;
  /// variables are counted by ``variableBytes``.
  var plannedBytes: Int { get }
  /// Bytes of the variables that the graph uses.
  var variableBytes: Int { get }

  /// The memory of a float input, dense and row-major, to be filled before ``run()``.
  ///
  /// - Throws: ``GraphError/name(subject:problem:)`` for an unknown name or an integer input.
  func floatInput(_ name: String) throws -> UnsafeMutableBufferPointer<Float>

  /// The memory of an integer input.
  ///
  /// - Throws: ``GraphError/name(subject:problem:)`` for an unknown name.
  func integerInput(_ name: String) throws -> UnsafeMutableBufferPointer<Int32>

  /// Executes one step and applies the variables' updates.
  ///
  /// - Throws: what the backend cannot do, such as taking memory.
  func run() throws

  /// Copies an output of the last run, dense and row-major.
  ///
  /// - Throws: ``GraphError/name(subject:problem:)`` for an unknown name.
  func read(_ name: String) throws -> [Float]

  /// Seconds spent by layer and kind of work since the last call, where the session profiles; empty otherwise.
  func takeProfile() -> [ProfileKey: Double]

  /// The bytes that a step at least moves between the memory and the caches, by layer and kind of work, as far as the backend
  /// plans what stays in a cache; empty where it does not.
  var trafficBytes: [ProfileKey: Int] { get }
}

/// What a kernel does, for the breakdown of a step's time.
public enum KernelKind: String, Sendable, Codable, CaseIterable {
  case convolutionForward = "convolution forward"
  case convolutionInputGradient = "convolution input gradient"
  case convolutionWeightGradient = "convolution weight gradient"
  case dynamicWeights = "dynamic weights"
  case normalization
  case elementwise = "element-wise"
  case reduction = "reductions and pooling"
  case matrix = "matrix products"
  case loss
  case reorder = "layout changes"
  case precision = "changes of precision"
  case optimizer
}

/// What a part of a program's time is counted as: a kind of work for a layer.
public struct ProfileKey: Hashable, Sendable {
  /// The layer's path.
  public var path: String
  /// The kind of work.
  public var kind: KernelKind

  /// Creates a key.
  public init(path: String, kind: KernelKind) {
    self.path = path
    self.kind = kind
  }
}

extension [ProfileKey: Double] {
  /// The seconds of all layers.
  public var byKind: [KernelKind: Double] {
    reduce(into: [:]) { $0[$1.key.kind, default: 0] += $1.value }
  }
}

extension Executable {
  public var trafficBytes: [ProfileKey: Int] { [:] }

  /// Sets a scalar input.
  ///
  /// - Throws: ``GraphError/name(subject:problem:)`` for an unknown name.
  public func set(_ name: String, _ number: Float) throws { try floatInput(name)[0] = number }
}
