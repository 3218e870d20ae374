import CLabKernels
import LabCore
import LabGraph

extension Emission {
  /// A result `[C]` with room for whole blocks.
  func defineVector(_ value: ValueID) -> SlotID {
    let slot = addVector(shape(value)[0])
    values[value, .flat] = slot
    return slot
  }

  /// An internal vector of channels with room for whole blocks.
  func addVector(_ channels: Int) -> SlotID { addWhole(floats: (channels + block - 1) / block * block) }
}

extension BatchNormalization: Emittable {
  func emit(_ node: Graph.Node, in emission: Emission) throws {
    let x = node.inputs[0]
    guard emission.shape(x).rank == 4 else { return try emitMatrix(node, in: emission) }
    let extent = emission.extent(x)
    let affine = ChannelAffine(
      scale: emission.addVector(extent.channels), shift: emission.addVector(extent.channels))
    let vectors = StatisticsKernel.Vectors(
      scale: try emission.demand(node.inputs[1], .flat), shift: try emission.demand(node.inputs[2], .flat),
      runningMean: try emission.demand(node.inputs[3], .flat),
      runningVariance: try emission.demand(node.inputs[4], .flat),
      mean: emission.defineVector(node.outputs[1]), inverseDeviation: emission.defineVector(node.outputs[2]),
      newMean: emission.defineVector(node.outputs[3]), newVariance: emission.defineVector(node.outputs[4]),
      affine: affine)
    let statistics = StatisticsKernel(
      extent, x: try emission.demand(x, .blocked), vectors: vectors, operation: self, kernels: emission.kernelTable,
      path: node.path)
    if let convolution = emission.byproducts.depthWiseResults.removeValue(forKey: x) {
      convolution.take(statistics)
    } else {
      emission.add(statistics)
    }
    emission.byproducts.affines[node.outputs[0]] = affine
  }

  /// `[N, C]`: small, computed at once in double precision.
  private func emitMatrix(_ node: Graph.Node, in emission: Emission) throws {
    let (rows, columns) = (emission.shape(node.inputs[0])[0], emission.shape(node.inputs[0])[1])
    let inputs = try node.inputs.map { try emission.demand($0, .flat) }
    let outputs = node.outputs.map { emission.define($0, .flat) }
    let (epsilon, momentum) = (Double(epsilon), Double(momentum))
    emission.add(
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

extension BatchNormalizationGradient: Emittable {
  func emit(_ node: Graph.Node, in emission: Emission) throws {
    guard emission.shape(node.inputs[0]).rank == 4 else { return try emitMatrix(node, in: emission) }
    let key = NormGradientExpression(upstream: node.inputs[0], x: node.inputs[1])
    let coefficients = try emission.byproducts.normGradients[key] ?? emitSums(node, in: emission)
    emission.values[node.outputs[1], .flat] = coefficients.scaleGradient
    emission.values[node.outputs[2], .flat] = coefficients.shiftGradient
  }

  /// Computes the upstream gradient, if it is not known yet, in one pass with the sums of every normalization that shares
  /// it, and returns what follows from this node's.
  private func emitSums(_ node: Graph.Node, in emission: Emission) throws -> NormGradientCoefficients {
    let upstream = node.inputs[0]
    let requests = try emission.fusion.nodesSharingSums(with: node).map { other in
      let extent = emission.extent(other.inputs[1])
      let results = NormGradientCoefficients(
        a: emission.addVector(extent.channels), b: emission.addVector(extent.channels),
        c: emission.addVector(extent.channels), scaleGradient: emission.addVector(extent.channels),
        shiftGradient: emission.addVector(extent.channels))
      emission.byproducts.normGradients[NormGradientExpression(upstream: upstream, x: other.inputs[1])] = results
      return NormGradientRequest(
        x: try emission.demand(other.inputs[1], .blocked), mean: try emission.demand(other.inputs[3], .flat),
        inverseDeviation: try emission.demand(other.inputs[4], .flat),
        scale: try emission.demand(other.inputs[2], .flat), count: extent.samples * extent.pixels,
        channels: extent.channels, results: results)
    }
    var expression = GradientExpression(upstream1: upstream)
    if emission.values[upstream, .blocked] == nil, case .gradient(let fused) = emission.fusion.expressions[upstream] {
      expression = fused
    } else {
      _ = try emission.demand(upstream, .blocked)
    }
    try emission.emitGradient(expression, for: upstream, norms: requests)
    return requests[0].results
  }

  private func emitMatrix(_ node: Graph.Node, in emission: Emission) throws {
    let (rows, columns) = (emission.shape(node.inputs[0])[0], emission.shape(node.inputs[0])[1])
    let inputs = try node.inputs.map { try emission.demand($0, .flat) }
    let outputs = node.outputs.map { emission.define($0, .flat) }
    emission.add(
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

extension BatchNormalizationInference: Emittable {
  func emit(_ node: Graph.Node, in emission: Emission) throws {
    let x = node.inputs[0]
    let channels = emission.shape(x)[1]
    let affine = ChannelAffine(scale: emission.addVector(channels), shift: emission.addVector(channels))
    let vectors = try node.inputs.dropFirst().map { try emission.demand($0, .flat) }
    let paddedChannels = emission.paddedChannels(x)
    let epsilon = Double(epsilon)
    emission.add(
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
    emission.byproducts.affines[node.outputs[0]] = affine
  }
}
