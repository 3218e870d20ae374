import LabCore
import LabGraph
import LabNN

/// The part of a model behind one of its values, with gates at the attentions that lesions replace.
///
/// A gate makes `a · open + substitute` of an attention a: with 1 and zeros that is a to the bit, with 0 and any other
/// weights these. So one compiled program serves many lesions, and a model that is not touched keeps its bits.
struct LesionProgram: Sendable {
  /// What programs differ in.
  struct Key: Hashable, Sendable {
    /// The value that it starts from; nil for the images.
    var cut: ValueID?
    /// The blocks that pass on what comes in.
    var blocks: [ModelPart]
  }

  let key: Key
  /// The places of the lesions that it serves.
  var lesions: [Int] = []
  /// The attentions that have a gate.
  var gates: [ModelPart] = []

  init(_ key: Key) { self.key = key }

  static func openName(_ part: ModelPart) -> String { "open.\(part.value.index)" }
  static func substituteName(_ part: ModelPart) -> String { "substitute.\(part.value.index)" }
  static func name(_ value: ValueID) -> String { "value.\(value.index)" }

  /// The values that it starts from: the cut, and what is reduced of it, which a pass over the images has at hand.
  func starts(in graph: Graph) -> [ValueID] {
    guard let cut = key.cut else { return [] }
    return [cut] + graph.nodes.filter { $0.operation is Reduction && $0.inputs == [cut] }.map { $0.outputs[0] }
  }

  /// The program's graph.
  func graph(of whole: Graph) throws -> Graph {
    var rewriting = GraphRewriting()
    for value in starts(in: whole) { rewriting.inputs[value] = Self.name(value) }
    for block in key.blocks { rewriting.substitutes[block.value] = block.input }
    for part in gates {
      rewriting.transformations[part.value] = { weights in
        let open = try weights.builder.input(Self.openName(part), .scalar)
        let substitute = try weights.builder.input(Self.substituteName(part), weights.shape)
        return try weights.multiplied(by: open).adding(substitute)
      }
    }
    let logits = whole.outputs.filter { $0.name == ClassifierTensor.logits }
    return try whole.rewritten(rewriting, outputs: logits)
  }

  /// The programs that lesions need, each with those that it serves.
  static func all(_ lesions: [Lesion], of graph: Graph) -> [LesionProgram] {
    func place(_ value: ValueID) -> Int {
      if case .node(let node, _) = graph.values[value.index].origin { node } else { -1 }
    }
    guard let images = graph.input(ClassifierTensor.images), let logits = graph.output(ClassifierTensor.logits) else {
      return []
    }
    let cuts = graph.bottlenecks(from: images, to: logits)
    var programs: [LesionProgram] = []
    for (index, lesion) in lesions.enumerated() {
      // Of a block, what comes in is left as it is.
      let first =
        (lesion.attentions.map { place($0.value) } + lesion.weights.map(\.layer.node)
        + lesion.blocks.compactMap { $0.input.map { place($0) + 1 } }).min() ?? 0
      let key = Key(
        cut: cuts.last { place($0) < first }, blocks: lesion.blocks.sorted { $0.value < $1.value })
      let position = programs.firstIndex { $0.key == key } ?? programs.count
      if position == programs.count { programs.append(LesionProgram(key)) }
      programs[position].lesions.append(index)
      for part in lesion.attentions where !programs[position].gates.contains(part) {
        programs[position].gates.append(part)
      }
    }
    return programs
  }
}
