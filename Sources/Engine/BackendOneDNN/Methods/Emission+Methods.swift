import COneDNN
import LabGraph

extension Emission {
  /// Winograd's method for a pass of a convolution, where it is allowed, exists and is chosen.
  ///
  /// - Parameter hasOwnWeights: whether each sample has weights of its own, as in a dynamic convolution.
  func winogradPlan(_ plan: ConvolutionPlan, hasOwnWeights: Bool = false) throws -> WinogradPlan? {
    guard plan.isBlocked, !plan.multipliesBFloat16, WinogradPlan.applies(to: plan.shape) else { return nil }
    return try method(of: plan, hasOwnWeights).tileSide.map {
      WinogradPlan(plan.shape, tileSide: $0, kernels: session.winograd)
    }
  }

  /// What identifies the pass of the node that is emitted.
  var passOfNode: String {
    graph.passDescription(of: node, threads: session.options.threads, isBFloat16: isBFloat16)
  }

  private func method(of plan: ConvolutionPlan, _ hasOwnWeights: Bool) throws -> ConvolutionMethod {
    let pass = passOfNode
    func usual() -> ConvolutionMethod {
      MethodRules(plan.shape, block: block, bfloat16Products: isBFloat16 ? session.bfloat16Products : .none)
        .method(for: plan.kind, hasOwnWeights: hasOwnWeights)
    }
    let method: ConvolutionMethod
    switch session.choice {
    case .rules: method = usual()
    case .fixed(let fixed): method = fixed
    case .measured(let calibration, let recorded):
      // Only what computes can be measured, also where the program that needs it is only planned.
      var options = session.options
      options.isPlan = false
      method =
        try recorded[pass]
        ?? calibration.method(for: pass, usual: usual()) {
          try MethodComparison(
            node: node, graph: graph, isBFloat16: isBFloat16, backend: session.backend, options: options
          ).seconds()
        }
    }
    session.note(method, for: pass)
    return method
  }
}

extension Graph {
  /// What identifies a pass of a convolution whose window is known: operation, operands, results, threads and precision.
  fileprivate func passDescription(of node: Node, threads: Int, isBFloat16: Bool) -> String {
    func text(_ values: [ValueID]) -> String {
      values.map { shape(of: $0).dimensions.map(String.init).joined(separator: "×") }.joined(separator: ", ")
    }
    let parallel = threads > 1 ? ", \(threads) threads" : ""
    let precision = isBFloat16 ? ", \(Precision.bfloat16.rawValue)" : ""
    return
      "\(Swift.type(of: node.operation).name) (\(text(node.inputs))) → (\(text(node.outputs)))\(parallel)\(precision)"
  }
}
