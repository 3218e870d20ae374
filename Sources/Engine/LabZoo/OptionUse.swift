import LabGraph
import LabNN

/// The options that an architecture has made use of, so that none is taken and silently ignored.
public final class OptionUse {
  private var used: Set<String> = []
  /// The number of convolutions so far that the variant may take the place of.
  private(set) var candidateCount = 0
  /// The stages of those convolutions.
  private var candidateStages: Set<Int> = []
  /// The stages whose resolution is halved, in the order of the network; 0 stands for what is outside of stages.
  private(set) var halvedStages: [Int] = []
  /// What has had an effect of the options of a down-sampling.
  private var effects: Set<DownsamplingOption> = []
  /// The factors by which stages are reduced whose halvings are joined.
  private var joinedFactors: [Int: Int] = [:]
  /// The number of such convolutions in the whole network; nil where nothing depends on it.
  private let totalCandidates: Int?

  /// Creates a record of no options.
  ///
  /// - Parameter totalCandidates: the number of convolutions in the whole network that the variant may take the place of;
  ///   nil where nothing depends on it.
  public init(totalCandidates: Int? = nil) { self.totalCandidates = totalCandidates }

  func insert(_ key: ModelConfiguration.CodingKeys) { used.insert(key.stringValue) }

  /// Notes that a stage's resolution is halved; 0 stands for what is outside of stages.
  func noteHalving(ofStage stage: Int) {
    if !halvedStages.contains(stage) { halvedStages.append(stage) }
  }

  /// An option of a down-sampling that a network may have no place for.
  enum DownsamplingOption { case order, restoredChannels, joinedHalvings }

  /// Notes that an option of the down-sampling has an effect.
  func noteEffect(of option: DownsamplingOption) { effects.insert(option) }

  /// Lets one reduction take the place of those of two stages, one after the other, that are halved.
  ///
  /// - Parameters:
  ///   - halved: the stages whose resolution is halved, in the order of the network.
  ///   - chosen: the stages that are meant; nil for all.
  func joinHalvings(of halved: [Int], among chosen: [Int]?) {
    let stages = halved.filter { $0 > 0 }
    func isMeant(_ index: Int) -> Bool { stages.indices.contains(index) && chosen?.contains(stages[index]) ?? true }
    var index = 0
    while index < stages.count {
      if isMeant(index), isMeant(index + 1) {
        joinedFactors[stages[index]] = 4
        joinedFactors[stages[index + 1]] = 1
        noteEffect(of: .joinedHalvings)
        index += 1
      }
      index += 1
    }
  }

  /// The factor by which a stage is reduced where halvings are joined.
  func factor(ofStage stage: Int) -> Int { joinedFactors[stage] ?? 2 }

  /// Whether the configured variant takes the place of the network's next convolution.
  func replaces(_ convolution: Convolution, ofStage stage: Int, _ layers: ReplacedLayers) -> Bool {
    guard layers.includesPointwise || convolution.kernelSize != Extent2D(1) else { return false }
    candidateCount += 1
    candidateStages.insert(stage)
    let isReplaced =
      switch layers.places {
      case .all: true
      case .first: candidateCount == 1
      case .last: candidateCount == totalCandidates
      case .stages(let stages): stages.contains(stage)
      }
    if isReplaced { insert(.convolution) }
    return isReplaced
  }

  /// - Throws: ``LabNN/ModelError/option(subject:problem:)`` for an option that the configuration sets and the network
  ///   has no use for.
  func check(_ configuration: ModelConfiguration) throws {
    var set: [(key: ModelConfiguration.CodingKeys, reason: String)] = []
    func note(_ isSet: Bool, _ key: ModelConfiguration.CodingKeys, _ reason: String) {
      if isSet { set.append((key, reason)) }
    }
    note(!(configuration.convolution.component is StaticConvolution), .convolution, "convolution that it could replace")
    note(
      !(configuration.downsampling.component is StridedDownsampling), .downsampling, "reduction that it could replace")
    note(configuration.attention != nil, .attention, "block at the places, or of the stages, that it is for")
    note(configuration.activation != nil, .activation, "non-linearity that it could replace")
    note(configuration.normalization != nil, .normalization, "place for it")
    note(configuration.fusion != nil, .fusion, "place for it")
    note(configuration.dropout.map { $0 > 0 } ?? false, .dropout, "place for it")
    note(configuration.stem != nil, .stem, "stem that it could replace")
    if case .stages(let stages) = configuration.convolution.component.layers.places,
      let missing = stages.first(where: { !candidateStages.contains($0) })
    {
      throw ModelError.option(
        subject: "conv.layers",
        problem: "stage \(missing) has no convolution to replace; those that have one are "
          + candidateStages.filter { $0 > 0 }.sorted().map(String.init).joined(separator: ", "))
    }
    if let missing = configuration.downsampling.component.stages?.first(where: { !halvedStages.contains($0) }) {
      throw ModelError.option(
        subject: "downsample.stages",
        problem: "stage \(missing) halves nothing; those that do are "
          + halvedStages.sorted().map(String.init).joined(separator: ", "))
    }
    let name = type(of: configuration.architecture.component).variant.name
    try checkDownsampling(configuration.downsampling.component, architecture: name)
    for (key, reason) in set where !used.contains(key.stringValue) {
      throw ModelError.option(subject: key.stringValue, problem: "the architecture \(name) has no \(reason)")
    }
  }

  /// - Throws: ``LabNN/ModelError/option(subject:problem:)`` for options of a down-sampling that have no effect.
  private func checkDownsampling(_ variant: any DownsamplingVariant, architecture: String) throws {
    guard used.contains(ModelConfiguration.CodingKeys.downsampling.stringValue) else { return }
    var set: [(option: DownsamplingOption, key: String, problem: String)] = []
    if variant.joinsHalvings {
      set.append(
        (.joinedHalvings, "scale", "halves the resolution nowhere twice in a row among the stages that are meant"))
    }
    if variant.restoresChannels {
      set.append((.restoredChannels, "restore_channels", "has no reduction there that changes the number of channels"))
    }
    if variant.isReordered {
      set.append((.order, "order", "has no convolution there that halves the resolution"))
    }
    for (option, key, problem) in set where !effects.contains(option) {
      throw ModelError.option(
        subject: "downsample.\(key)", problem: "the architecture \(architecture) \(problem); leave it out")
    }
  }
}
