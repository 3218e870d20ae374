import CLabKernels
import COneDNN
import LabCore
import LabGraph

extension MatrixProduct: Emittable {
  func emit(_ node: Graph.Node, in emission: Emission) throws {
    let shapes = node.inputs.map(emission.shape)
    let operands = try node.inputs.map { try emission.demand($0, .flat) }
    let result = emission.define(node.outputs[0], .flat)
    let output = emission.shape(node.outputs[0])
    let (m, n) = (output[-2], output[-1])
    let k = shapes[0][transposesLeft ? -2 : -1]
    let batches = output.rank == 3 ? output[0] : 1
    let (left, right) = (transposesLeft, transposesRight)
    let leading = (shapes[0][-1], shapes[1][-1])
    emission.add(
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

extension Softmax: Emittable {
  func emit(_ node: Graph.Node, in emission: Emission) throws {
    let shape = emission.shape(node.inputs[0])
    let source = try emission.demand(node.inputs[0], .flat)
    let result = emission.define(node.outputs[0], .flat)
    let kernel = emission.kernelTable.softmax!
    emission.add(
      WholeKernel(.elementwise, path: node.path, reads: [source], writes: [result]) { step in
        kernel(shape.elementCount / shape[-1], shape[-1], step.pointer(source), step.pointer(result))
      })
  }
}

extension SoftmaxGradient: Emittable {
  func emit(_ node: Graph.Node, in emission: Emission) throws {
    let shape = emission.shape(node.inputs[0])
    let operands = try node.inputs.map { try emission.demand($0, .flat) }
    let result = emission.define(node.outputs[0], .flat)
    let kernel = emission.kernelTable.softmaxGradient!
    emission.add(
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

extension ClassificationLoss: Emittable {
  func emit(_ node: Graph.Node, in emission: Emission) throws {
    let shape = emission.shape(node.inputs[0])
    let operands = try node.inputs.map { try emission.demand($0, .flat) }
    let result = emission.define(node.outputs[0], .flat)
    let kernel = emission.kernelTable.classificationLoss!
    let loss = function.kernelLoss
    emission.add(
      WholeKernel(.loss, path: node.path, reads: operands, writes: [result]) { step in
        kernel(
          shape[0], shape[1], loss, step.pointer(operands[0]),
          step.integers(operands[1]), operands.count > 2 ? step.pointer(operands[2]) : nil, step.pointer(result))
      })
  }
}

extension ClassificationLossGradient: Emittable {
  func emit(_ node: Graph.Node, in emission: Emission) throws {
    let shape = emission.shape(node.inputs[1])
    let operands = try node.inputs.map { try emission.demand($0, .flat) }
    let result = emission.define(node.outputs[0], .flat)
    let kernel = emission.kernelTable.classificationLossGradient!
    let loss = function.kernelLoss
    emission.add(
      WholeKernel(.loss, path: node.path, reads: operands, writes: [result]) { step in
        kernel(
          shape[0], shape[1], loss, step.pointer(operands[0]),
          step.pointer(operands[1]), step.integers(operands[2]),
          operands.count > 3 ? step.pointer(operands[3]) : nil, step.pointer(result))
      })
  }
}
