import CLabKernels
import COneDNN
import LabCore
import LabGraph

extension MatrixProduct: Lowerable {
  func lower(_ node: Graph.Node, in lowering: Lowering) throws {
    let shapes = node.inputs.map(lowering.shape)
    let operands = try node.inputs.map { try lowering.demand($0, .flat) }
    let result = lowering.define(node.outputs[0], .flat)
    let output = lowering.shape(node.outputs[0])
    let (m, n) = (output[-2], output[-1])
    let k = shapes[0][transposesLeft ? -2 : -1]
    let batches = output.rank == 3 ? output[0] : 1
    let (left, right) = (transposesLeft, transposesRight)
    let leading = (shapes[0][-1], shapes[1][-1])
    lowering.add(
      WholeKernel(.matrix, path: node.path, reads: operands, writes: [result]) { step in
        for batch in 0..<batches {
          let status = oneDnnMatrixProduct(
            left, right, m, n, k, 1, step.pointer(operands[0]) + batch * m * k, leading.0,
            step.pointer(operands[1]) + batch * k * n, leading.1, 0, step.pointer(result) + batch * m * n, n)
          guard status == 0 else { throw GraphError.oneDNN() }
        }
      })
  }
}

extension Softmax: Lowerable {
  func lower(_ node: Graph.Node, in lowering: Lowering) throws {
    let shape = lowering.shape(node.inputs[0])
    let source = try lowering.demand(node.inputs[0], .flat)
    let result = lowering.define(node.outputs[0], .flat)
    let kernel = lowering.kernelTable.softmax!
    lowering.add(
      WholeKernel(.elementwise, path: node.path, reads: [source], writes: [result]) { step in
        kernel(shape.elementCount / shape[-1], shape[-1], step.pointer(source), step.pointer(result))
      })
  }
}

extension SoftmaxGradient: Lowerable {
  func lower(_ node: Graph.Node, in lowering: Lowering) throws {
    let shape = lowering.shape(node.inputs[0])
    let operands = try node.inputs.map { try lowering.demand($0, .flat) }
    let result = lowering.define(node.outputs[0], .flat)
    let kernel = lowering.kernelTable.softmaxGradient!
    lowering.add(
      WholeKernel(.elementwise, path: node.path, reads: operands, writes: [result]) { step in
        kernel(
          shape.elementCount / shape[-1], shape[-1], step.pointer(operands[0]), step.pointer(operands[1]),
          step.pointer(result))
      })
  }
}

extension ClassificationLoss.Function {
  /// The kernels' form of the function.
  fileprivate var kernelLoss: LabLoss {
    switch self {
    case .crossEntropy(let labelSmoothing):
      LabLoss(function: LAB_CROSS_ENTROPY, labelSmoothing: labelSmoothing, alpha: 0, gamma: 0)
    case .focal(let alpha, let gamma): LabLoss(function: LAB_FOCAL, labelSmoothing: 0, alpha: alpha, gamma: gamma)
    }
  }
}

extension ClassificationLoss: Lowerable {
  func lower(_ node: Graph.Node, in lowering: Lowering) throws {
    let shape = lowering.shape(node.inputs[0])
    let operands = try node.inputs.map { try lowering.demand($0, .flat) }
    let result = lowering.define(node.outputs[0], .flat)
    let kernel = lowering.kernelTable.classificationLoss!
    let loss = function.kernelLoss
    lowering.add(
      WholeKernel(.loss, path: node.path, reads: operands, writes: [result]) { step in
        kernel(
          shape[0], shape[1], loss, step.pointer(operands[0]),
          step.integers(operands[1]), operands.count > 2 ? step.pointer(operands[2]) : nil, step.pointer(result))
      })
  }
}

extension ClassificationLossGradient: Lowerable {
  func lower(_ node: Graph.Node, in lowering: Lowering) throws {
    let shape = lowering.shape(node.inputs[1])
    let operands = try node.inputs.map { try lowering.demand($0, .flat) }
    let result = lowering.define(node.outputs[0], .flat)
    let kernel = lowering.kernelTable.classificationLossGradient!
    let loss = function.kernelLoss
    lowering.add(
      WholeKernel(.loss, path: node.path, reads: operands, writes: [result]) { step in
        kernel(
          shape[0], shape[1], loss, step.pointer(operands[0]),
          step.pointer(operands[1]), step.integers(operands[2]),
          operands.count > 3 ? step.pointer(operands[3]) : nil, step.pointer(result))
      })
  }
}
