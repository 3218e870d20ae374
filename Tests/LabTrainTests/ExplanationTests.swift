import BackendOneDNN
import BackendReference
import Foundation
import LabCore
import LabData
import LabGraph
import LabNN
import LabTrain
import LabZoo
import Testing

/// Where a class is seen in a layer's output: gradients, maps, and the layers that can be looked at.
@Suite struct ExplanationTests {
  /// A model with weights, and images.
  private struct Subject {
    let dataset: PreparedDataset
    let model: ModelFunction
    let weights: [NamedTensor]

    init(_ configuration: JSONValue, extent: Int = 16) throws {
      var data = DatasetConfiguration(name: "synthetic-signs", options: ["train_count": 215, "test_count": 86])
      data.imageSize = extent
      let cache = FileManager.default.temporaryDirectory.appendingPathComponent("labrun-train-tests").path
      dataset = try PreparedDataset(data, environment: DataEnvironment(cacheFolder: cache))
      model = try ModelConfiguration(configuration: configuration).model(classCount: dataset.classCount)
      let shape = dataset.imageShape
      let graph = try EvaluationGraph(
        model: model,
        batch: ClassificationBatch(
          size: 1, image: [shape.channels, shape.height, shape.width], classCount: dataset.classCount))
      let values = graph.declarations.initialValues(seed: 3)
      let stream = RandomStream(seed: 3, name: "shifts")
      weights = graph.declarations.map { declaration in
        // Biases and running means other than zero, and attentions that differ between images.
        let isShift = declaration.name.hasSuffix("bias") || declaration.name.hasSuffix("running_mean")
        let elements = (values[declaration.name] ?? []).enumerated().map { index, value in
          isShift ? value + 0.2 * Float(stream.normal(UInt64(index))) : value
        }
        return NamedTensor(declaration.name, declaration.shape, elements)
      }
    }

    static let position = StepPosition(step: 40, stepsPerEpoch: 10, totalSteps: 100)

    func explainer(batchSize: Int, backend: any Backend = OneDNNBackend()) throws -> ImageExplainer {
      try ImageExplainer(
        model: model, preprocessing: Preprocessing(of: dataset), classCount: dataset.classCount, weights: weights,
        position: Self.position, batchSize: batchSize, backend: backend, threads: 2)
    }

    func images(_ count: Int) -> ImageCollection {
      ImageCollection(dataset, split: .test).selecting(Array(0..<count))
    }
  }

  private static let small: [String: JSONValue] = ["architecture": "resnet", "depth": 8, "width": 8]

  private static func resnet(_ more: [String: JSONValue]) -> JSONValue {
    .object(small.merging(more) { _, new in new })
  }

  /// The gradient of a logit is what differences of the logit say, when the layer's output is changed by hand.
  @Test(
    arguments: [
      (resnet([:]), "layer2.0.conv1"), (resnet(["conv": "odconv-2x"]), "layer1.0.conv2"),
      (resnet(["attention": "cbam"]), "layer2.0.conv2"),
      (resnet(["norm": ["name": "group", "groups": 2], "activation": "silu"]), "layer1.0.conv1"),
    ] as [(JSONValue, String)])
  func gradientsAreThoseOfFiniteDifferences(_ configuration: JSONValue, _ name: String) throws {
    let subject = try Subject(configuration)
    let explainer = try subject.explainer(batchSize: 2, backend: ReferenceBackend())
    let layer = try #require(explainer.layers.first { $0.path == name })
    let graph = try explainer.graph(of: layer)
    let features = try #require(graph.output(ImageExplainer.features))
    // The same network from the layer's output on, which is an input now.
    var rewriting = GraphRewriting()
    rewriting.inputs[features] = "perturbed"
    let behind = try graph.rewritten(rewriting, outputs: graph.outputs.filter { $0.name == ClassifierTensor.logits })

    let session = ReferenceBackend().makeReferenceSession()
    let whole = try session.compileReference(graph)
    let part = try session.compileReference(behind)
    for tensor in subject.weights { try session.write(tensor.name, tensor.floats ?? []) }
    let shape = subject.dataset.imageShape
    var pixels = [Float](repeating: 0, count: 2 * shape.elementCount)
    _ = pixels.withUnsafeMutableBufferPointer {
      subject.images(2).load(0..<2, as: Preprocessing(of: subject.dataset), into: $0.baseAddress!)
    }
    let scalars = try EvaluationGraph(
      model: subject.model,
      batch: ClassificationBatch(
        size: 1, image: [shape.channels, shape.height, shape.width], classCount: subject.dataset.classCount)
    ).scalars
    for (program, graph) in [(whole, graph), (part, behind)] {
      if graph.input(ClassifierTensor.images) != nil {
        _ = try program.floatInput(ClassifierTensor.images).update(fromContentsOf: pixels)
      }
      try program.fill(scalars.filter { graph.input($0.name) != nil }, at: Subject.position)
    }
    let classes = [7, 30]
    let chosen = try whole.floatInput(ImageExplainer.chosen)
    for (row, label) in classes.enumerated() { chosen[row * subject.dataset.classCount + label] = 1 }
    try whole.run()
    let values = try whole.readDouble(ImageExplainer.features)
    let gradient = try whole.readDouble(ImageExplainer.gradient)
    #expect(gradient.contains { $0 != 0 })

    func logit(_ image: Int, _ values: [Double]) throws -> Double {
      try part.writeDouble("perturbed", values)
      try part.run()
      return try part.readDouble(ClassifierTensor.logits)[image * subject.dataset.classCount + classes[image]]
    }
    let count = layer.shape.elementCount
    let scale = gradient.reduce(0) { max($0, abs($1)) }
    let step = 1e-6
    for image in 0..<2 {
      for place in stride(from: image, to: count, by: count / 12) {
        var (above, below) = (values, values)
        above[image * count + place] += step
        below[image * count + place] -= step
        let difference = try (logit(image, above) - logit(image, below)) / (2 * step)
        #expect(abs(difference - gradient[image * count + place]) < 1e-6 * scale, "image \(image), element \(place)")
      }
    }

    // What is found for the images is made of these numbers.
    let found = try explainer.findings(for: subject.images(2), classes: classes, in: layer)
    for image in 0..<2 {
      let range = image * count..<(image + 1) * count
      let plane = layer.shape[1] * layer.shape[2]
      var sums = [Double](repeating: 0, count: plane)
      for channel in 0..<layer.shape[0] {
        let own = (0..<plane).map { range.lowerBound + channel * plane + $0 }
        let weight = own.map { gradient[$0] }.reduce(0, +) / Double(plane)
        for (pixel, index) in own.enumerated() { sums[pixel] += weight * values[index] }
      }
      let largest = max(0, sums.max() ?? 0)
      let map = found[image].map
      #expect(abs(map.maximum - largest) < 1e-5 * max(largest, 1e-3))
      for (value, sum) in zip(map.values, sums) {
        #expect(abs(value - (largest > 0 ? max(0, sum) / largest : 0)) < 1e-4)
      }
    }
  }

  private static let networks: [JSONValue] = [
    resnet([:]), resnet(["conv": "odconv-4x"]), resnet(["conv": "condconv"]), resnet(["conv": "dyconv"]),
    resnet(["attention": "se"]), resnet(["attention": "eca"]), resnet(["attention": "cbam"]),
    resnet(["attention": "bam"]), resnet(["attention": "sk"]), resnet(["attention": "split-attention"]),
    resnet(["fusion": "dual-attention"]), resnet(["downsample": "spd"]), resnet(["downsample": "avgpool"]),
    resnet(["norm": ["name": "group", "groups": 2]]), ["architecture": "multiscale-dynamic", "width": 8],
    ["architecture": "mobilenet_v2", "width": 8, "stem": "cifar", "conv": "odconv-2x"],
    ["architecture": ["name": "densenet", "growth_rate": 4], "depth": 13],
  ]

  /// The CPU executor finds what the interpreter finds, whatever the network is made of, in a middle layer and in the last.
  @Test(arguments: networks) func backendsFindTheSame(_ configuration: JSONValue) throws {
    let subject = try Subject(configuration)
    let images = subject.images(3)
    let fast = try subject.explainer(batchSize: 2)
    let exact = try subject.explainer(batchSize: 3, backend: ReferenceBackend())
    #expect(fast.layers == exact.layers || fast.layers.map(\.path) == exact.layers.map(\.path))
    let last = try #require(fast.layers.lastWithPixels)
    let middle = fast.layers.filter { $0.hasPixels && !$0.isOfAttention }[fast.layers.count / 4]
    for path in [last.path, middle.path] {
      let layers = try [fast, exact].map { explainer in try #require(explainer.layers.first { $0.path == path }) }
      let found = try fast.findings(for: images, classes: [1, 20, 42], in: layers[0])
      let expected = try exact.findings(for: images, classes: [1, 20, 42], in: layers[1])
      #expect(found.count == 3)
      for (a, b) in zip(found, expected) {
        #expect(abs(a.map.maximum - b.map.maximum) < 1e-3 * b.map.maximum + 1e-6, "\(path)")
        let farthest = zip(a.map.values, b.map.values).map { abs($0 - $1) }.max() ?? 1
        #expect(farthest < 2e-3, "\(path)")
        for (one, other) in zip(a.attentions, b.attentions) {
          #expect(one.count == other.count && zip(one, other).allSatisfy { abs($0 - $1) < 1e-5 })
        }
      }
    }
  }

  /// An image's map does not depend on the images beside it.
  @Test func batchesChangeNothing() throws {
    let subject = try Subject(Self.resnet(["conv": "odconv-2x"]))
    let classes = [3, 9, 12, 5, 5]
    let many = try subject.explainer(batchSize: 4)
    let one = try subject.explainer(batchSize: 1)
    let all = try many.findings(for: subject.images(5), classes: classes, in: #require(many.layers.lastWithPixels))
    #expect(Set(all.map { $0.map.values }).count == 5)
    for (index, label) in classes.enumerated() {
      let single = try one.findings(
        for: subject.images(5).selecting([index]), classes: [label], in: #require(one.layers.lastWithPixels))
      #expect(zip(single[0].map.values, all[index].map.values).allSatisfy { abs($0 - $1) < 1e-4 })
    }
  }

  @Test func layersAreNamedAndTheLastIsOneOfFeatures() throws {
    func explainer(_ configuration: JSONValue, extent: Int = 16) throws -> ImageExplainer {
      try Subject(configuration, extent: extent).explainer(batchSize: 1)
    }
    // The shortcut's convolution is computed last, but has fewer convolutions before it.
    let plain = try explainer(Self.resnet([:]))
    #expect(
      plain.layers.map(\.path) == [
        "conv1", "layer1.0.conv1", "layer1.0.conv2", "layer2.0.conv1", "layer2.0.conv2", "layer2.0.downsample.0",
        "layer3.0.conv1", "layer3.0.conv2", "layer3.0.downsample.0",
      ])
    #expect(plain.layers.lastWithPixels?.path == "layer3.0.conv2")
    #expect(plain.layers.lastWithPixels?.shape == [32, 4, 4])
    #expect(plain.attentions.isEmpty)
    // Where the last layers have one pixel, an earlier one has more.
    let tiny = try explainer(["architecture": "resnet18", "width": 4], extent: 32)
    #expect(tiny.layers.lastWithPixels?.path == "layer3.1.conv2")
    #expect(tiny.layers.last?.hasPixels == false)
    // What computes an attention is no layer of features.
    let attentive = try explainer(Self.resnet(["attention": "cbam"]))
    #expect(attentive.layers.contains { $0.isOfAttention && $0.hasPixels })
    #expect(attentive.layers.lastWithPixels?.path == "layer3.0.conv2")
    #expect(try explainer(Self.resnet(["attention": "eca"])).layers.map(\.path) == plain.layers.map(\.path))
    let dynamic = try explainer(Self.resnet(["conv": "odconv-2x", "attention": "se"]))
    #expect(Set(dynamic.attentions.map(\.path)).count == 6 && dynamic.attentions.count == 24)
  }

  /// A dynamic convolution gets its bias from another node, and its output is what comes behind that.
  @Test func outputsHaveTheirBiases() throws {
    let subject = try Subject(
      ["architecture": "squeezenet1_1", "width": 16, "stem": "cifar", "conv": "odconv-2x"], extent: 32)
    let explainer = try subject.explainer(batchSize: 1, backend: ReferenceBackend())
    let biases = Set(subject.weights.map(\.name))
    var checked = 0
    for layer in explainer.layers where biases.contains(layer.path + ".bias") {
      let graph = try explainer.graph(of: layer)
      let value = try #require(graph.output(ImageExplainer.features))
      guard case .node(let index, _) = graph.values[value.index].origin else { continue }
      let node = graph.nodes[index]
      if let operation = node.operation as? Binary {
        #expect(operation == Binary(.add))
        checked += 1
      } else {
        #expect(node.operation is Convolution2D && node.inputs.count == 3, "\(layer.path)")
      }
    }
    #expect(checked > 0)
  }

  @Test func mapsAreSharesOfTheirLargestValue() {
    // Two channels of 1×3 pixels; mean gradients 2 and −1.
    let map = ClassActivationMap(
      features: [1, 2, 0, 4, 0, 3], gradient: [1, 3, 2, -1, 0, -2], shape: [2, 1, 3])
    #expect(map.values == [0, 1, 0] && map.maximum == 4 && !map.isZero)
    #expect(map.rows == [[0, 1, 0]] && map.peak?.row == 0 && map.peak?.column == 1)
    let dark = ClassActivationMap(features: [1, 2], gradient: [-1, -1], shape: [1, 1, 2])
    #expect(dark.isZero && dark.values == [0, 0] && dark.peak == nil)
    let diverged = ClassActivationMap(features: [.nan, .infinity], gradient: [1, 1], shape: [1, 1, 2])
    #expect(diverged.isZero && diverged.values == [0, 0])
  }
}
