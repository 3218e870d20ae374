import CLabKernels
import LabCore
import LabGraph

extension Lowering {
  /// A result `[C]` with room for whole blocks.
  func defineVector(_ value: ValueID) -> SlotID {
    let slot = addVector(shape(value)[0])
    available[Key(value: value, form: .flat)] = slot
    return slot
  }

  /// An internal vector of channels with room for whole blocks.
  func addVector(_ channels: Int) -> SlotID { addWhole(floats: (channels + block - 1) / block * block) }
}

extension BatchNormalization: Lowerable {
  func lower(_ node: Graph.Node, in lowering: Lowering) throws {
    let x = node.inputs[0]
    guard lowering.shape(x).rank == 4 else { return try lowerMatrix(node, in: lowering) }
    let extent = lowering.extent(x)
    let affine = ChannelAffine(
      scale: lowering.addVector(extent.channels), shift: lowering.addVector(extent.channels))
    let vectors = StatisticsKernel.Vectors(
      scale: try lowering.demand(node.inputs[1], .flat), shift: try lowering.demand(node.inputs[2], .flat),
      runningMean: try lowering.demand(node.inputs[3], .flat),
      runningVariance: try lowering.demand(node.inputs[4], .flat),
      mean: lowering.defineVector(node.outputs[1]), inverseDeviation: lowering.defineVector(node.outputs[2]),
      newMean: lowering.defineVector(node.outputs[3]), newVariance: lowering.defineVector(node.outputs[4]),
      affine: affine)
    lowering.add(
      StatisticsKernel(
        extent, x: try lowering.demand(x, .blocked), vectors: vectors, operation: self, kernels: lowering.kernelTable,
        path: node.path))
    lowering.pending[node.outputs[0]] = .apply(ApplyExpression(x: .value(x), affine: affine))
  }

  /// `[N, C]`: small, computed at once in double precision.
  private func lowerMatrix(_ node: Graph.Node, in lowering: Lowering) throws {
    let (rows, columns) = (lowering.shape(node.inputs[0])[0], lowering.shape(node.inputs[0])[1])
    let inputs = try node.inputs.map { try lowering.demand($0, .flat) }
    let outputs = node.outputs.map { lowering.define($0, .flat) }
    let (epsilon, momentum) = (Double(epsilon), Double(momentum))
    lowering.add(
      WholeKernel(.normalization, path: node.path, reads: inputs, writes: outputs) { step in
        let x = step.pointer(inputs[0])
        for c in 0..<columns {
          var sum = 0.0
          for n in 0..<rows { sum += Double(x[n * columns + c]) }
          let mean = sum / Double(rows)
          var squares = 0.0
          for n in 0..<rows {
            let deviation = Double(x[n * columns + c]) - mean
            squares += deviation * deviation
          }
          let variance = squares / Double(rows)
          let inverse = 1 / (variance + epsilon).squareRoot()
          let scale = Double(step.pointer(inputs[1])[c]) * inverse
          let shift = Double(step.pointer(inputs[2])[c]) - mean * scale
          for n in 0..<rows {
            step.pointer(outputs[0])[n * columns + c] = Float(Double(x[n * columns + c]) * scale + shift)
          }
          step.pointer(outputs[1])[c] = Float(mean)
          step.pointer(outputs[2])[c] = Float(inverse)
          step.pointer(outputs[3])[c] = Float((1 - momentum) * Double(step.pointer(inputs[3])[c]) + momentum * mean)
          step.pointer(outputs[4])[c] = Float(
            (1 - momentum) * Double(step.pointer(inputs[4])[c])
              + momentum * squares / Double(max(rows - 1, 1)))
        }
      })
  }
}

extension BatchNormalizationGradient: Lowerable {
  func lower(_ node: Graph.Node, in lowering: Lowering) throws {
    guard lowering.shape(node.inputs[0]).rank == 4 else { return try lowerMatrix(node, in: lowering) }
    let upstream = node.inputs[0]
    if lowering.normGradients[upstream]?[node.inputs[1]] == nil {
      try requestSums(node, in: lowering)
    }
    let coefficients = lowering.normGradients[upstream]![node.inputs[1]]!
    lowering.available[.init(value: node.outputs[1], form: .flat)] = coefficients.scaleGradient
    lowering.available[.init(value: node.outputs[2], form: .flat)] = coefficients.shiftGradient
    lowering.pending[node.outputs[0]] = .normGradient(
      NormGradientExpression(
        upstream: try lowering.demand(upstream, .blocked), x: .value(node.inputs[1]), coefficients: coefficients))
  }

  /// Computes the upstream gradient, if it is still pending, in one pass with the sums of every normalisation that
  /// shares it and whose operand exists: the two branches of a residual block do.
  private func requestSums(_ node: Graph.Node, in lowering: Lowering) throws {
    let upstream = node.inputs[0]
    var sharing: [Graph.Node] = [node]
    for index in lowering.consumers[upstream.index] {
      let other = lowering.graph.nodes[index]
      if other.operation is BatchNormalizationGradient, other.inputs[0] == upstream,
        other.inputs[1] != node.inputs[1], sharing.count < 2
      {
        sharing.append(other)
      }
    }
    var requests: [NormGradientRequest] = []
    for other in sharing {
      let extent = lowering.extent(other.inputs[1])
      let results = NormGradientCoefficients(
        a: lowering.addVector(extent.channels), b: lowering.addVector(extent.channels),
        c: lowering.addVector(extent.channels), scaleGradient: lowering.addVector(extent.channels),
        shiftGradient: lowering.addVector(extent.channels))
      requests.append(
        NormGradientRequest(
          x: try lowering.demand(other.inputs[1], .blocked), mean: try lowering.demand(other.inputs[3], .flat),
          inverseDeviation: try lowering.demand(other.inputs[4], .flat),
          scale: try lowering.demand(other.inputs[2], .flat), count: extent.samples * extent.pixels,
          channels: extent.channels, results: results))
      lowering.normGradients[upstream, default: [:]][other.inputs[1]] = results
    }
    let isAvailable = lowering.available[.init(value: upstream, form: .blocked)] != nil
    if !isAvailable, case .gradient(let expression) = lowering.pending[upstream] {
      try lowering.emitGradient(expression, for: upstream, norms: requests)
    } else {
      _ = try lowering.demand(upstream, .blocked)
      let plain = GradientExpression(upstream1: .value(upstream))
      try lowering.emitGradient(plain, for: upstream, norms: requests)
    }
  }

  private func lowerMatrix(_ node: Graph.Node, in lowering: Lowering) throws {
    let (rows, columns) = (lowering.shape(node.inputs[0])[0], lowering.shape(node.inputs[0])[1])
    let inputs = try node.inputs.map { try lowering.demand($0, .flat) }
    let outputs = node.outputs.map { lowering.define($0, .flat) }
    lowering.add(
      WholeKernel(.normalization, path: node.path, reads: inputs, writes: outputs) { step in
        let (g, x, dx) = (step.pointer(inputs[0]), step.pointer(inputs[1]), step.pointer(outputs[0]))
        for c in 0..<columns {
          let (mean, inverse) = (Double(step.pointer(inputs[3])[c]), Double(step.pointer(inputs[4])[c]))
          var sum = 0.0
          var products = 0.0
          for n in 0..<rows {
            let upstream = Double(g[n * columns + c])
            sum += upstream
            products += upstream * (Double(x[n * columns + c]) - mean) * inverse
          }
          let factor = Double(step.pointer(inputs[2])[c]) * inverse
          for n in 0..<rows {
            let normalised = (Double(x[n * columns + c]) - mean) * inverse
            let centred = Double(g[n * columns + c]) - sum / Double(rows) - normalised * products / Double(rows)
            dx[n * columns + c] = Float(factor * centred)
          }
          step.pointer(outputs[1])[c] = Float(products)
          step.pointer(outputs[2])[c] = Float(sum)
        }
      })
  }
}

extension BatchNormalizationInference: Lowerable {
  func lower(_ node: Graph.Node, in lowering: Lowering) throws {
    let x = node.inputs[0]
    let channels = lowering.shape(x)[1]
    let affine = ChannelAffine(scale: lowering.addVector(channels), shift: lowering.addVector(channels))
    let vectors = try node.inputs.dropFirst().map { try lowering.demand($0, .flat) }
    let paddedChannels = lowering.paddedChannels(x)
    let epsilon = Double(epsilon)
    lowering.add(
      WholeKernel(.normalization, path: node.path, reads: vectors, writes: [affine.scale, affine.shift]) { step in
        for slot in [affine.scale, affine.shift] { step.clearTail(of: slot, from: channels, to: paddedChannels) }
        for c in 0..<channels {
          let scale =
            Double(step.pointer(vectors[0])[c]) / (Double(step.pointer(vectors[3])[c]) + epsilon).squareRoot()
          step.pointer(affine.scale)[c] = Float(scale)
          step.pointer(affine.shift)[c] = Float(
            Double(step.pointer(vectors[1])[c]) - Double(step.pointer(vectors[2])[c]) * scale)
        }
      })
    // A matrix [N, C] is an image of one pixel: the same pass serves both.
    lowering.pending[node.outputs[0]] = .apply(ApplyExpression(x: .value(x), affine: affine))
  }
}
