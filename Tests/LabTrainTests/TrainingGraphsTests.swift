import BackendOneDNN
import LabCore
import LabData
import LabGraph
import LabNN
import LabRecords
import LabTrain
import LabZoo
import Synchronization
import Testing

/// Graphs that are built once for all seeds.
@Suite struct TrainingGraphsTests {
  private func model(_ dataset: PreparedDataset, _ built: Counter) throws -> ModelFunction {
    let configuration = try ModelConfiguration(configuration: ["depth": 8, "width": 8, "dropout": 0.5])
    let model = configuration.model(classCount: dataset.classCount)
    return { images, context in
      built.add()
      return try model(images, context)
    }
  }

  @Test func runsOfAllSeedsShareThemAndKeepTheirBits() throws {
    let fixture = try TrainingFixture()
    let built = Counter()
    let model = try model(fixture.dataset, built)
    let graphs = try TrainingGraphs(fixture.configuration, model: model, dataset: fixture.dataset)
    // A step, the step of the smaller last batch, and the evaluation.
    #expect(built.count == 3)
    var losses: [[Double]] = []
    for seed: UInt64 in [1, 2] {
      let (shared, own) = (RecordingObserver(stoppingAfter: 8), RecordingObserver(stoppingAfter: 8))
      _ = try Trainer(
        fixture.configuration, graphs: graphs, dataset: fixture.dataset, seed: seed, backend: OneDNNBackend()
      ).run(observer: shared)
      #expect(built.count == 3 * Int(seed))
      _ = try Trainer(
        fixture.configuration, model: model, dataset: fixture.dataset, seed: seed, backend: OneDNNBackend()
      ).run(observer: own)
      #expect(shared.losses == own.losses)
      #expect(shared.checkpoints.map(\.parameters) == own.checkpoints.map(\.parameters))
      losses.append(shared.losses)
    }
    #expect(losses[0] != losses[1])
  }

  /// A run in memory that another has left gives the bits of one in memory of its own, from the start and from a checkpoint.
  @Test(arguments: ["static", "odconv-4x"], Precision.allCases)
  func runsInTheMemoryOfOthersKeepTheirBits(_ conv: String, _ precision: Precision) throws {
    let fixture = try TrainingFixture(conv: conv)
    var configuration = fixture.configuration
    configuration.precision = precision
    configuration.optimization.movingAverageDecay = 0.9
    let graphs = try TrainingGraphs(configuration, model: fixture.model, dataset: fixture.dataset)
    func trainer(seed: UInt64, _ programs: TrainingPrograms? = nil) throws -> Trainer {
      try Trainer(
        configuration, graphs: graphs, dataset: fixture.dataset, seed: seed, backend: OneDNNBackend(),
        programs: programs)
    }
    let (expected, own) = (RecordingObserver(), try trainer(seed: 2))
    let alone = try #require(own.run(observer: expected).result)
    let first = try trainer(seed: 1)
    _ = try first.run(observer: RecordingObserver())
    let second = try trainer(seed: 2, first.programs)
    #expect(second.programs === first.programs && second.programs !== own.programs)
    let observer = RecordingObserver()
    let result = try #require(second.run(observer: observer).result)
    #expect(observer.losses == expected.losses)
    #expect(result.record.weightsHash == alone.record.weightsHash)
    #expect(result.predictions.logits == alone.predictions.logits)
    #expect(observer.checkpoints.map(\.tensors.contentHash) == expected.checkpoints.map(\.tensors.contentHash))
    // The memory holds the end of one training when another goes on from the middle of its own.
    let checkpoint = try #require(expected.checkpoints.first)
    let resumed = try #require(
      trainer(seed: 2, first.programs).run(from: checkpoint, observer: RecordingObserver()).result)
    #expect(resumed.record.weightsHash == alone.record.weightsHash)
  }

  @Test func whatDrawsTheNumbersOfASeedServesNoOther() throws {
    let fixture = try TrainingFixture()
    let graphs = try TrainingGraphs(
      fixture.configuration, model: model(fixture.dataset, Counter()), dataset: fixture.dataset)
    func trainer(seed: UInt64, _ programs: TrainingPrograms? = nil) throws -> Trainer {
      try Trainer(
        fixture.configuration, graphs: graphs, dataset: fixture.dataset, seed: seed, backend: OneDNNBackend(),
        programs: programs)
    }
    let first = try trainer(seed: 1)
    #expect(try trainer(seed: 1, first.programs).programs === first.programs)
    #expect(try trainer(seed: 2, first.programs).programs !== first.programs)
  }

  @Test func masksAreThoseOfTheSeed() throws {
    let fixture = try TrainingFixture()
    let model = try model(fixture.dataset, Counter())
    let step = try fixture.configuration.graph(model: model, batch: ClassificationBatch(of: fixture.dataset, size: 4))
    func keys(_ step: TrainingGraph) -> [SIMD2<UInt32>] {
      step.graph.nodes.compactMap { ($0.operation as? Dropout)?.key }
    }
    // The dropout of the forward and of the backward pass.
    #expect(keys(step).count == 2 && Set(keys(step)).count == 1)
    #expect(keys(step) == keys(step.seeded(0)))
    #expect(Set([0, 1, 2].flatMap { keys(step.seeded($0)) }).count == 3)
    #expect(step.seeded(1).graph.nodes.count { $0.operation is any SeededOperation } == 2)
  }
}

/// How often something was done.
private final class Counter: Sendable {
  private let total = Mutex(0)
  var count: Int { total.withLock { $0 } }
  func add() { total.withLock { $0 += 1 } }
}
