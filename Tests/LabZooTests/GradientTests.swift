import BackendReference
import LabCore
import LabGraph
import LabNN
import LabZoo
import Testing

/// Gradients of whole networks against finite differences in double precision.
@Suite struct GradientTests {
  /// A small network for each architecture with a smooth non-linearity, and for each choice of each option.
  private static let members: [ZooMember] = {
    let base = ZooMember.miniature(["depth": 8, "width": 2, "activation": "silu"])
    func with(_ key: String, _ value: JSONValue, _ member: ZooMember) -> ZooMember {
      var varied = member
      varied.configuration[key] = value
      varied.name = "\(key)=\(value)"
      return varied
    }
    func each<Component>(_ key: String, _ registry: Registry<Component>) -> [ZooMember] {
      registry.names.map { with(key, .string($0), base) }
    }
    var all = ArchitectureFamily.types.map { with("activation", "silu", $0.miniature) }
    all += each("conv", ConvolutionFamily.registry) + each("downsample", DownsamplingFamily.registry)
    all += each("attention", AttentionFamily.registry) + each("fusion", FusionFamily.registry)
    for (key, variants) in [
      ("conv", ConvolutionFamily.variants), ("downsample", DownsamplingFamily.variants),
      ("attention", AttentionFamily.variants), ("fusion", FusionFamily.variants),
    ] {
      // Four branches or groups need as many channels.
      let member = key == "attention" ? with("width", 4, base) : base
      all += variants.flatMap(\.partConfigurations).map { with(key, $0, member) }
    }
    all += ConformanceTests.architectureParts.map { with("activation", "silu", $0) }
    all += ["sum", "weighted", "concat"].map { with("fusion", .string("multiscale-\($0)"), base) }
    all.append(with("norm", ["name": "group", "groups": 2], base))
    all.append(with("stem", "imagenet", base))
    all.append(with("frontend", "spatial-transformer", .miniature(base.configuration, extent: 24)))
    all.append(with("architecture", ["name": "resnet", "shortcut": "identity"], base))
    return all
  }()

  @Test(arguments: members) func gradientsAreSlopes(_ member: ZooMember) throws {
    let configuration = try ModelConfiguration(configuration: member.configuration)
    let batch = ClassificationBatch(size: 3, image: member.image, classCount: 3)
    let context = ModelContext(.training)
    let builder = context.builder
    let images = try builder.input("images", Shape([batch.size] + batch.image.dimensions))
    let labels = try builder.input("labels", [batch.size], .int32)
    let logits = try configuration.logits(images, classCount: 3, in: context)
    let focal = FocalLoss(alpha: 1, gamma: 2)
    let heads = [(logits: logits, weight: Float(1))] + context.auxiliaries
    let losses = try heads.map { try focal($0.logits, labels: labels, classCounts: nil).affine($0.weight) }
    let loss = try losses.dropFirst().reduce(losses[0]) { try $0.adding($1) }.mean(0)
    let parameters = zip(context.declarations, context.variables).filter { $0.0.role == .parameter }
    let gradients = try builder.gradients(of: loss, withRespectTo: parameters.map(\.1))
    try builder.output("loss", loss)
    for (parameter, gradient) in zip(parameters, gradients) {
      try builder.output("gradient/\(parameter.0.name)", try #require(gradient, "\(parameter.0.name)"))
    }

    let session = ReferenceBackend().makeReferenceSession()
    let executable = try session.compileReference(builder.graph)
    let initial = context.declarations.initialValues(seed: 2).mapValues { $0.map { Double($0) } }
    let stream = RandomStream(seed: 2, name: "test")
    let input = try executable.floatInput("images")
    for index in input.indices { input[index] = Float(stream.normal(UInt64(index))) }
    _ = try executable.integerInput("labels").update(fromContentsOf: [0, 1, 2])
    try executable.fill(context.scalars, at: StepPosition(step: 3, stepsPerEpoch: 1, totalSteps: 10))

    /// One direction for all parameters together, scaled to each tensor.
    func direction(_ name: String, _ count: Int) -> [Double] {
      let stream = RandomStream(seed: 3, name: name)
      return (0..<count).map { stream.normal(UInt64($0)) }
    }
    func lossMoved(by distance: Double) throws -> Double {
      for (name, values) in initial {
        let isParameter = parameters.contains { $0.0.name == name }
        let move = isParameter ? direction(name, values.count) : [Double](repeating: 0, count: values.count)
        try session.writeDouble(name, zip(values, move).map { $0 + distance * $1 })
      }
      try executable.run()
      return try executable.readDouble("loss")[0]
    }
    // Off the initial values, where some networks have kinks: a transformation that starts at the identity reads pixels
    // exactly at their centres.
    let place = 1e-2
    _ = try lossMoved(by: place)
    var found = 0.0
    for (declaration, _) in parameters {
      let gradient = try executable.readDouble("gradient/\(declaration.name)")
      found += zip(gradient, direction(declaration.name, gradient.count)).reduce(0) { $0 + $1.0 * $1.1 }
    }
    // On the way, maxima may change places, the fewer the shorter it is: the slope is that of the limit.
    var slopes: [Double] = []
    for step in [1e-6, 1e-7, 1e-8, 1e-9] {
      let slope = (try lossMoved(by: place + step) - lossMoved(by: place - step)) / (2 * step)
      slopes.append(slope)
      if abs(found - slope) <= 1e-5 * max(1, abs(slope)) { return }
    }
    Issue.record("\(found) instead of \(slopes)")
  }
}
