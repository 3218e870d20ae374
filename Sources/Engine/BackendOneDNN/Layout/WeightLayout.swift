import COneDNN
import LabCore
import LabGraph

/// A physical layout of convolution weights, owned.
final class WeightLayout {
  let handle: OpaquePointer

  init(taking handle: OpaquePointer) { self.handle = handle }

  /// Copies a layout that something else owns.
  convenience init(copying handle: OpaquePointer) { self.init(taking: oneDnnLayoutCopy(handle)) }

  deinit { oneDnnLayoutDestroy(handle) }

  /// Bytes of the weights with their padding.
  var byteCount: Int { oneDnnLayoutBytes(handle) }

  func isEqual(to other: WeightLayout) -> Bool { oneDnnLayoutsEqual(handle, other.handle) }
}

/// How a variable, or its gradient, lies in memory.
enum VariableLayout {
  /// Dense and row-major.
  case dense
  /// One or more sets of convolution weights, each in a layout of the convolution library.
  case weights(WeightLayout, shape: OneDnnConvolutionShape, count: Int)

  /// Padding between sets, so that they start in different cache sets.
  static let setPaddingBytes = 1152

  /// Bytes from one set to the next.
  static func setStride(_ layout: WeightLayout, count: Int) -> Int {
    layout.byteCount + (count > 1 ? setPaddingBytes : 0)
  }

  /// Bytes of a tensor of a type in this layout.
  func byteCount(_ type: TensorType) -> Int {
    switch self {
    case .dense: type.byteCount
    case .weights(let layout, _, let count): VariableLayout.setStride(layout, count: count) * count
    }
  }

  func isEqual(to other: VariableLayout) -> Bool {
    switch (self, other) {
    case (.dense, .dense): true
    case (.weights(let a, _, let m), .weights(let b, _, let n)): m == n && a.isEqual(to: b)
    default: false
    }
  }
}

/// A change of layout of all sets of some weights.
final class WeightReorder {
  private let reorder: OpaquePointer
  private let scratch: AlignedMemory
  private let count: Int
  private let fromStride: Int
  private let toStride: Int

  /// Makes the change; a dense side is a sequence of dense sets.
  init(from: VariableLayout, to: VariableLayout) throws {
    guard let shape = from.shape ?? to.shape else {
      throw GraphError.backend("a layout change needs weights on one side")
    }
    let source = try from.handle ?? WeightLayout.dense(shape)
    let target = try to.handle ?? WeightLayout.dense(shape)
    count = max(from.count, to.count)
    fromStride = from.handle == nil ? source.byteCount : VariableLayout.setStride(source, count: count)
    toStride = to.handle == nil ? target.byteCount : VariableLayout.setStride(target, count: count)
    guard let reorder = oneDnnReorderCreate(source.handle, target.handle) else { throw GraphError.oneDNN() }
    self.reorder = reorder
    do { scratch = try AlignedMemory(byteCount: oneDnnReorderScratchBytes(reorder)) } catch {
      oneDnnReorderDestroy(reorder)
      throw error
    }
  }

  deinit { oneDnnReorderDestroy(reorder) }

  func execute(from: UnsafeRawPointer, to: UnsafeMutableRawPointer) throws {
    for set in 0..<count {
      guard oneDnnReorderExecute(reorder, from + set * fromStride, to + set * toStride, scratch.base) == 0 else {
        throw GraphError.oneDNN()
      }
    }
  }
}

extension VariableLayout {
  fileprivate var shape: OneDnnConvolutionShape? {
    if case .weights(_, let shape, _) = self { shape } else { nil }
  }
  fileprivate var handle: WeightLayout? {
    if case .weights(let layout, _, _) = self { layout } else { nil }
  }
  fileprivate var count: Int {
    if case .weights(_, _, let count) = self { count } else { 1 }
  }
}

extension WeightLayout {
  /// `[O, I/groups, kh, kw]`, row-major.
  static func dense(_ shape: OneDnnConvolutionShape) throws -> WeightLayout {
    var shape = shape
    guard let handle = oneDnnDenseWeights(&shape) else { throw GraphError.oneDNN() }
    return WeightLayout(taking: handle)
  }

  /// Matrices of block × block.
  static func blocked(
    _ shape: OneDnnConvolutionShape, block: Int, isTransposed: Bool, swapsOuterBlocks: Bool = false
  ) throws -> WeightLayout {
    var shape = shape
    guard let handle = oneDnnBlockedWeights(&shape, block, isTransposed, swapsOuterBlocks) else {
      throw GraphError.oneDNN()
    }
    return WeightLayout(taking: handle)
  }
}

extension GraphError {
  /// The convolution library's last failure: the machine's where it is memory.
  static func oneDNN() -> any Error {
    let text = String(cString: oneDnnLastError())
    if text.hasSuffix("out of memory") { return MachineError.memory(bytes: nil, purpose: "a step (\(text))") }
    return backend(text)
  }
}
