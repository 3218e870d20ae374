import LabCore
import LabData
import LabGraph
import LabNN

/// What one thread evaluates lesions with.
final class LesionWorker: @unchecked Sendable {
  // Each worker is used by one iteration of a loop, and calls do not overlap.
  private let session: any Session
  private let model: LesionEvaluator.Model
  private let whole: any Executable
  private var collecting: (program: any Executable, values: [ValueID])?
  private var parts: [Part] = []

  /// A compiled part of the model.
  private struct Part {
    /// What the weights behind a gate are now, where a batch changes nothing of them.
    enum Filling: Equatable {
      case open
      case replaced(Lesion.Substitute)
    }

    let lesions: [Int]
    let program: any Executable
    let readsImages: Bool
    let starts: [ValueID]
    let gates: [ModelPart]
    var fillings: [ModelPart: Filling] = [:]
  }

  init(_ model: LesionEvaluator.Model) throws {
    self.model = model
    session = try model.backend.makeSession(SessionOptions(threads: 1, algorithms: model.algorithms))
    whole = try session.compile(model.graph)
    for (name, elements) in model.weights { try session.write(name, elements) }
    try whole.fill(model.scalars, at: model.position)
  }

  /// Compiles what some lesions need, in the place of what earlier ones did.
  func prepare(_ programs: [LesionProgram]) throws {
    parts = []
    collecting = nil
    let starts = programs.flatMap { $0.starts(in: model.graph) }
    let values = starts.indices.filter { !starts[..<$0].contains(starts[$0]) }.map { starts[$0] }
    if !values.isEmpty {
      collecting = (try compile(collecting: values), values)
    }
    parts = try programs.map { program in
      let graph = try program.graph(of: model.graph)
      return Part(
        lesions: program.lesions, program: try compile(graph),
        readsImages: graph.input(ClassifierTensor.images) != nil,
        starts: program.starts(in: model.graph).filter { graph.input(LesionProgram.name($0)) != nil },
        gates: program.gates.filter { graph.input(LesionProgram.openName($0)) != nil })
    }
  }

  /// Reads values of the model for images, a row an image.
  func collect(_ values: [ValueID], for range: Range<Int>, of images: ImageCollection) throws -> [[Float]] {
    if collecting?.values != values { collecting = (try compile(collecting: values), values) }
    guard let program = collecting?.program else { return [] }
    try model.load(range, of: images, into: program)
    try program.run()
    return try values.map { value in
      let elements = try program.read(LesionProgram.name(value))
      return Array(elements.prefix(elements.count / model.batchSize * range.count))
    }
  }

  private func compile(collecting values: [ValueID]) throws -> any Executable {
    try compile(
      model.graph.rewritten(GraphRewriting(), outputs: values.map { (LesionProgram.name($0), $0) }))
  }

  private func compile(_ graph: Graph) throws -> any Executable {
    let program = try session.compile(graph)
    try program.fill(model.scalars.filter { graph.input($0.name) != nil }, at: model.position)
    return program
  }

  /// The logits of the model as it is.
  func intact(_ range: Range<Int>, of images: ImageCollection) throws -> [Float] {
    try model.load(range, of: images, into: whole)
    try whole.run()
    return try logits(whole, range)
  }

  /// The logits with each of the prepared lesions.
  ///
  /// - Parameter body: is given the place of a lesion, and its logits.
  func evaluate(
    _ range: Range<Int>, of images: ImageCollection, _ task: LesionEvaluator.Task, _ body: (Int, [Float]) -> Void
  ) throws {
    var known: [ValueID: [Float]] = [:]
    if let (program, values) = collecting {
      try model.load(range, of: images, into: program)
      try program.run()
      for value in values { known[value] = try program.read(LesionProgram.name(value)) }
    }
    for index in parts.indices {
      let program = parts[index].program
      if parts[index].readsImages { try model.load(range, of: images, into: program) }
      for value in parts[index].starts {
        guard let elements = known[value] else { continue }
        _ = try program.floatInput(LesionProgram.name(value)).update(fromContentsOf: elements)
      }
      for place in parts[index].lesions {
        let lesion = task.lesions[place]
        for part in parts[index].gates { try set(part, of: &parts[index], to: lesion, range, task) }
        let names = Set(lesion.weights.flatMap(\.variables))
        for name in names {
          guard var elements = model.weights[name] else { continue }
          for slice in lesion.weights where slice.variables.contains(name) { slice.clear(&elements, of: name) }
          try session.write(name, elements)
        }
        try program.run()
        body(place, try logits(program, range))
        for name in names { if let elements = model.weights[name] { try session.write(name, elements) } }
      }
    }
  }

  private func logits(_ program: any Executable, _ range: Range<Int>) throws -> [Float] {
    Array(try program.read(ClassifierTensor.logits).prefix(range.count * model.classCount))
  }

  /// Opens a gate, or puts what takes an attention's place behind it.
  private func set(
    _ part: ModelPart, of compiled: inout Part, to lesion: Lesion, _ range: Range<Int>, _ task: LesionEvaluator.Task
  ) throws {
    let filling: Part.Filling = lesion.attentions.contains(part) ? .replaced(lesion.substitute) : .open
    if compiled.fillings[part] == filling, filling != .replaced(.random) { return }
    compiled.fillings[part] = filling
    try compiled.program.set(LesionProgram.openName(part), filling == .open ? 1 : 0)
    let weights = try compiled.program.floatInput(LesionProgram.substituteName(part))
    let width = weights.count / model.batchSize
    switch filling {
    case .open: weights.update(repeating: 0)
    case .replaced(.one): weights.update(repeating: part.neutralWeight)
    case .replaced(.mean):
      guard let mean = task.sample?.mean(part) else { return }
      for row in 0..<model.batchSize {
        _ = UnsafeMutableBufferPointer(rebasing: weights[row * width..<(row + 1) * width]).update(fromContentsOf: mean)
      }
    case .replaced(.random):
      guard let sample = task.sample else { return }
      for row in 0..<range.count {
        let donor = sample.weights(part, image: task.donors[range.lowerBound + row])
        _ = UnsafeMutableBufferPointer(rebasing: weights[row * width..<(row + 1) * width]).update(fromContentsOf: donor)
      }
    }
  }
}
