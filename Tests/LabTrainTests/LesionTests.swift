import BackendOneDNN
import Foundation
import LabCore
import LabData
import LabGraph
import LabNN
import LabTrain
import LabZoo
import Synchronization
import Testing

/// Parts of a trained model are replaced, and nothing else changes, to the bit.
@Suite struct LesionTests {
  /// A model with weights, and images.
  private struct Subject {
    let dataset: PreparedDataset
    let model: ModelFunction
    var weights: [NamedTensor]
    private let shape: ImageShape

    init(_ configuration: [String: JSONValue], extent: Int = 16) throws {
      var data = DatasetConfiguration(name: "synthetic-signs", options: ["train_count": 215, "test_count": 86])
      data.imageSize = extent
      let cache = FileManager.default.temporaryDirectory.appendingPathComponent("labrun-train-tests").path
      dataset = try PreparedDataset(data, environment: DataEnvironment(cacheFolder: cache))
      let configuration: ModelConfiguration = try JSONValue.object(configuration).decode()
      model = configuration.model(classCount: dataset.classCount)
      shape = dataset.imageShape
      let graph = try EvaluationGraph(
        model: model,
        batch: ClassificationBatch(
          size: 1, image: [shape.channels, shape.height, shape.width], classCount: dataset.classCount))
      let values = graph.declarations.initialValues(seed: 3)
      let stream = RandomStream(seed: 3, name: "biases")
      weights = graph.declarations.map { declaration in
        // Biases and running means other than zero, and attentions that differ between images.
        let isBias = declaration.name.hasSuffix("bias") || declaration.name.hasSuffix("running_mean")
        let elements = (values[declaration.name] ?? []).enumerated().map { index, value in
          isBias ? value + 0.2 * Float(stream.normal(UInt64(index))) : value
        }
        return NamedTensor(declaration.name, declaration.shape, elements)
      }
    }

    private static let position = StepPosition(step: 40, stepsPerEpoch: 10, totalSteps: 100)

    func evaluator(batchSize: Int = 32, threads: Int = 2) throws -> LesionEvaluator {
      try LesionEvaluator(
        model: model, preprocessing: Preprocessing(of: dataset), classCount: dataset.classCount, weights: weights,
        position: Self.position, batchSize: batchSize, backend: OneDNNBackend(), threads: threads)
    }

    /// The logits of the model as predictions have them.
    func predicted(_ images: ImageCollection, batchSize: Int = 32) throws -> [Float] {
      try Predictor(
        model: model, preprocessing: Preprocessing(of: dataset), classCount: dataset.classCount, weights: weights,
        position: Self.position, batchSize: batchSize, backend: OneDNNBackend(), threads: 1
      ).logits(of: images).logits
    }

    var images: ImageCollection { ImageCollection(dataset, split: .test) }

    /// The images of a model whose weights are changed by hand.
    func changing(_ change: (inout [Float], String, Shape) -> Void) -> Subject {
      var copy = self
      copy.weights = weights.map { tensor in
        var elements = tensor.floats ?? []
        change(&elements, tensor.name, tensor.shape)
        return NamedTensor(tensor.name, tensor.shape, elements)
      }
      return copy
    }
  }

  /// The logits of the model as it is, and with each lesion.
  private func logits(
    _ evaluator: LesionEvaluator, _ lesions: [Lesion], _ images: ImageCollection, _ classCount: Int,
    sample: AttentionSample? = nil, seed: UInt64 = 0
  ) throws -> (intact: [Float], lesions: [[Float]]) {
    let empty = [Float](repeating: .nan, count: images.count * classCount)
    let results = Mutex([[Float]](repeating: empty, count: lesions.count + 1))
    try evaluator.evaluate(lesions, of: images, sample: sample, seed: seed) { lesion, range, logits in
      results.withLock {
        $0[lesion.map { $0 + 1 } ?? 0].replaceSubrange(
          range.lowerBound * classCount..<range.upperBound * classCount, with: logits)
      }
    }
    let all = results.withLock { $0 }
    return (all[0], Array(all.dropFirst()))
  }

  private static let attentive: [[String: JSONValue]] = [
    ["architecture": "resnet", "depth": 8, "width": 16, "conv": "odconv-4x"],
    ["architecture": "resnet", "depth": 8, "width": 16, "conv": "odconv-1x", "attention": "se"],
    ["architecture": "resnet", "depth": 8, "width": 8, "conv": "condconv"],
    ["architecture": "resnet", "depth": 8, "width": 16, "conv": "dyconv"],
    ["architecture": "resnet", "depth": 8, "width": 16, "attention": "eca"],
    ["architecture": "resnet", "depth": 8, "width": 16, "attention": "cbam"],
    ["architecture": "resnet", "depth": 8, "width": 16, "attention": "bam"],
    ["architecture": "resnet", "depth": 8, "width": 16, "attention": "sk"],
    ["architecture": "resnet", "depth": 8, "width": 16, "attention": "split-attention"],
    ["architecture": "resnet", "depth": 8, "width": 16, "fusion": "dual-attention"],
    ["architecture": "multiscale-dynamic", "width": 16],
    ["architecture": "mobilenet_v2", "width": 8, "stem": "cifar", "conv": "odconv-2x"],
  ]

  @Test(arguments: attentive) func anAttentionInItsOwnPlaceKeepsEveryBit(
    _ configuration: [String: JSONValue]
  ) throws {
    let subject = try Subject(configuration)
    let evaluator = try subject.evaluator()
    let all = evaluator.parts.filter(\.kind.isAttention)
    #expect(!all.isEmpty)
    let images = subject.images.selecting([3])
    // The mean over one image is its attention, and so is what is drawn of it.
    let sample = try evaluator.sample(of: all, for: images)
    let lesions =
      [Lesion(attentions: all), Lesion(attentions: all, by: .random)] + all.map { Lesion(attentions: [$0]) }
    let found = try logits(evaluator, lesions, images, subject.dataset.classCount, sample: sample)
    let expected = try subject.predicted(images)
    #expect(found.intact == expected)
    for (lesion, logits) in zip(lesions, found.lesions) {
      #expect(logits == expected, "\(lesion.attentions.map(\.path))")
    }
  }

  /// A layer's attention gets constant weights: no slope, and a bias that makes them.
  private func constant(
    _ subject: Subject, _ layer: String, _ weights: ArraySlice<Float>, isSigmoid: Bool = true
  ) -> Subject {
    subject.changing { elements, name, _ in
      if name == layer + ".weight" { elements = elements.map { _ in 0 } }
      guard name == layer + ".bias" else { return }
      // The temperature at that step is above 1, which the logits are divided by.
      let temperature = TemperatureAnnealing().value(at: StepPosition(step: 40, stepsPerEpoch: 10, totalSteps: 100))
      elements = zip(elements, weights).map { _, weight in
        let share = Double(weight)
        return Float(temperature * (isSigmoid ? log(share / (1 - share)) : log(share)))
      }
    }
  }

  private func expectClose(_ found: some Collection<Float>, _ expected: some Collection<Float>) {
    let scale = expected.reduce(0) { max($0, abs($1)) }
    #expect(found.count == expected.count)
    for (a, b) in zip(found, expected) { #expect(abs(a - b) <= 1e-4 * scale, "\(a) instead of \(b)") }
  }

  @Test func attentionsAreReplacedAsByALayerWithConstantWeights() throws {
    let subject = try Subject(["architecture": "resnet", "depth": 8, "width": 16, "conv": "odconv-4x"])
    let evaluator = try subject.evaluator()
    let classes = subject.dataset.classCount
    let layer = "layer2.0.conv2"
    let parts = evaluator.parts.filter { $0.path == layer }
    #expect(
      parts.map(\.kind) == [.kernelAttention, .spatialAttention, .channelAttention, .filterAttention])
    #expect(parts.map { evaluator.shape(of: $0) } == [[4], [9], [32], [32]])
    #expect(parts.map(\.neutralWeight) == [0.25, 1, 1, 1])
    let train = ImageCollection(subject.dataset, split: .train).selecting(Array(stride(from: 0, to: 60, by: 3)))
    let sample = try evaluator.sample(of: parts, for: train)
    #expect(sample.count == 20)
    let images = subject.images
    let donors = sample.donors(for: images.count, seed: 7)
    let substitutes = Lesion.Substitute.allCases
    let lesions = parts.flatMap { part in substitutes.map { Lesion(attentions: [part], by: $0) } }
    let found = try logits(evaluator, lesions, images, classes, sample: sample, seed: 7).lesions
    let intact = try subject.predicted(images)
    for (place, part) in parts.enumerated() {
      let isSigmoid = part.kind != .kernelAttention
      let name = "\(layer).attention." + part.kind.rawValue.prefix { $0 != "-" } + "_fc"
      let mean = found[place * substitutes.count]
      #expect(mean != intact)
      expectClose(mean, try constant(subject, name, sample.mean(part)[...], isSigmoid: isSigmoid).predicted(images))
      // A bias this large makes a sigmoid of exactly 1, and equal ones equal shares.
      let one = subject.changing { elements, variable, _ in
        if variable == name + ".weight" { elements = elements.map { _ in 0 } }
        if variable == name + ".bias" { elements = elements.map { _ in 2000 } }
      }
      #expect(try found[place * substitutes.count + 1] == one.predicted(images))
      for image in [0, 40] {
        let weights = sample.weights(part, image: donors[image])
        let other = try constant(subject, name, weights, isSigmoid: isSigmoid).predicted(images.selecting([image]))
        expectClose(
          found[place * substitutes.count + 2][image * classes..<(image + 1) * classes], other)
      }
    }
  }

  @Test func everyImageOfASampleIsDrawnEquallyOften() throws {
    let subject = try Subject(["architecture": "resnet", "depth": 8, "width": 8, "attention": "se"])
    let evaluator = try subject.evaluator()
    let sample = try evaluator.sample(of: evaluator.parts, for: subject.images.selecting(Array(0..<20)))
    let donors = sample.donors(for: 50, seed: 1)
    #expect(Set(donors[..<20]).count == 20 && Set(donors[20..<40]).count == 20 && Set(donors[40...]).count == 10)
    #expect(donors[..<20] != donors[20..<40])
    #expect(donors == sample.donors(for: 50, seed: 1) && donors != sample.donors(for: 50, seed: 2))
  }

  @Test(
    arguments: [
      ["architecture": "resnet", "depth": 8, "width": 16, "conv": "odconv-4x"],
      ["architecture": "mobilenet_v2", "width": 8, "stem": "cifar"],
      [
        "architecture": "resnet", "depth": 8, "width": 16,
        "conv": ["name": "odconv", "kernels": 2, "attentions": ["kernel": false]],
      ],
      ["architecture": "squeezenet1_1", "width": 16, "stem": "cifar"],
    ] as [[String: JSONValue]]) func weightsAreSetToZero(_ configuration: [String: JSONValue]) throws
  {
    // A network without normalization, whose convolutions have biases, halves its images too often for small ones.
    let subject = try Subject(configuration, extent: configuration["architecture"] == "squeezenet1_1" ? 32 : 16)
    let evaluator = try subject.evaluator()
    let images = subject.images
    let chosen = evaluator.convolutions.enumerated().filter { $0.offset % 4 == 2 }.map(\.element)
    let slices = chosen.flatMap { layer in
      WeightSlice.Kind.allCases.flatMap { kind in
        let all = WeightSlice.all(kind, of: layer)
        return [all.dropFirst().first, all.last].compactMap { $0 }
      }
    }
    #expect(slices.count >= 4)
    let found = try logits(
      evaluator, slices.map { Lesion(weights: [$0]) }, images, subject.dataset.classCount)
    var differing = 0
    for (slice, logits) in zip(slices, found.lesions) {
      let changed = subject.changing { elements, name, shape in
        if slice.kind == .filter, name == slice.layer.path + ".bias" { elements[slice.index] = 0 }
        guard name == slice.layer.path + ".weight" else { return }
        // Places in row-major order: kernels, filters, channels of the filter's group, taps.
        let dimensions = Array(shape.dimensions.suffix(4))
        for place in elements.indices {
          let tap = dimensions[2] * dimensions[3]
          let channel = place / tap % dimensions[1]
          let filter = place / tap / dimensions[1] % dimensions[0]
          let kernel = place / tap / dimensions[1] / dimensions[0]
          let group = filter / (dimensions[0] / slice.layer.groups)
          let isMeant =
            switch slice.kind {
            case .kernel: kernel == slice.index
            case .filter: filter == slice.index
            case .channel: group * dimensions[1] + channel == slice.index
            }
          if isMeant { elements[place] = 0 }
        }
      }
      #expect(try logits == changed.predicted(images), "\(slice.kind) \(slice.index) of \(slice.layer.path)")
      if logits != found.intact { differing += 1 }
    }
    #expect(differing > slices.count / 2)
    // Weights are what they were.
    #expect(try self.logits(evaluator, [], images, subject.dataset.classCount).intact == found.intact)
  }

  @Test func removedBlocksPassOnWhatComesIn() throws {
    // More blocks than programs are in memory at once.
    let subject = try Subject(["architecture": "resnet", "depth": 44, "width": 4, "conv": "odconv-2x"])
    let evaluator = try subject.evaluator()
    let blocks = evaluator.parts.filter { $0.kind == .block }
    let possible = blocks.filter(evaluator.isReplaceable)
    #expect(blocks.count == 21 && possible.count == 19)
    #expect(Set(blocks).subtracting(possible).map(\.path).sorted() == ["layer2.0", "layer3.0"])
    let images = subject.images.selecting(Array(0..<10))
    let lesions = possible.map { Lesion(blocks: [$0]) } + [Lesion(blocks: [possible[2], possible[3], possible[18]])]
    let found = try logits(evaluator, lesions, images, subject.dataset.classCount)
    #expect(try found.intact == subject.predicted(images))
    for index in [0, 3, 17, 18, 19] {
      let paths = lesions[index].blocks.map(\.path)
      // A main path of zeros leaves the shortcut, which is what has been activated already.
      let changed = subject.changing { elements, name, _ in
        if paths.contains(where: { name == $0 + ".bn2.weight" || name == $0 + ".bn2.bias" }) {
          elements = elements.map { _ in 0 }
        }
      }
      #expect(try found.lesions[index] == changed.predicted(images), "\(paths)")
    }
    let error = #expect(throws: ModelError.self) {
      try evaluator.evaluate([Lesion(blocks: [blocks[7]])], of: images) { _, _, _ in }
    }
    #expect("\(error, default: "")" == "layer2.0: its result is not of its input's shape")
  }

  @Test func threadsAndBatchesChangeNoBit() throws {
    let subject = try Subject(["architecture": "resnet", "depth": 8, "width": 16, "conv": "odconv-4x"])
    let classes = subject.dataset.classCount
    func results(_ threads: Int) throws -> [[Float]] {
      let evaluator = try subject.evaluator(threads: threads)
      let all = evaluator.parts.filter(\.kind.isAttention)
      let sample = try evaluator.sample(of: all, for: ImageCollection(subject.dataset, split: .train))
      let lesions = [Lesion(attentions: all), Lesion(attentions: all, by: .random), Lesion(attentions: [all[9]])]
      return try logits(evaluator, lesions, subject.images, classes, sample: sample).lesions
    }
    let one = try results(1)
    #expect(try results(3) == one)
    #expect(Set(one).count == 3)
  }

  @Test func anAttentionThatWasNotSampledIsNamed() throws {
    let subject = try Subject(["architecture": "resnet", "depth": 8, "width": 8, "attention": "se"])
    let evaluator = try subject.evaluator()
    let attention = try #require(evaluator.parts.first { $0.kind.isAttention })
    let error = #expect(throws: ModelError.self) {
      try evaluator.evaluate([Lesion(attentions: [attention])], of: subject.images) { _, _, _ in }
    }
    #expect("\(error, default: "")" == "layer1.0.se: the sample of attentions does not have it")
  }
}
