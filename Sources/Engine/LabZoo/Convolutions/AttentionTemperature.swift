import LabCore
import LabGraph
import LabNN

/// The options of the temperature that attentions' logits are divided by.
public struct AttentionTemperature: Codable, Hashable, Sendable {
  /// The course of a temperature.
  public enum Annealing: String, Codable, Hashable, Sendable, CaseIterable {
    /// The final temperature throughout.
    case none
    /// A straight line down to the final temperature.
    case linear
    /// Half a cosine down to the final temperature.
    case cosine
  }

  /// The course of the temperature.
  public var annealing: Annealing
  /// The temperature of the first step.
  public var initial: Double
  /// The number of epochs until the final temperature; nil where ``share`` says it, or for no descent.
  public var epochs: Double?
  /// The share of the training until the final temperature, instead of epochs.
  public var share: Double?
  /// The temperature behind the descent.
  public var target: Double

  /// Creates the options of a descent.
  public init(_ annealing: TemperatureAnnealing = TemperatureAnnealing()) {
    self.annealing = annealing.course == .linear ? .linear : .cosine
    initial = annealing.initial
    target = annealing.target
    switch annealing.length {
    case .epochs(let count): epochs = count
    case .share(let share): self.share = share
    }
  }

  /// A temperature of 1 throughout.
  public static let one: AttentionTemperature = {
    var temperature = AttentionTemperature()
    temperature.annealing = .none
    return temperature
  }()

  enum CodingKeys: String, CodingKey {
    case annealing
    case initial = "temperature"
    case epochs = "temperature_epochs"
    case share = "temperature_share"
    case target = "final_temperature"
  }

  /// The keys of the options.
  static func fields(default temperature: AttentionTemperature) -> [ConfigurationSchema.Field] {
    // Without a descent its start has no effect.
    let starts: [JSONValue] = temperature.annealing == .none ? [] : [10, 30, 100]
    return [
      .init(
        "annealing", .choice(Annealing.allCases.map(\.rawValue)), default: .string(temperature.annealing.rawValue),
        "How the attentions' temperature falls in training; none for the final temperature throughout."
      ).compared(off: "none"),
      .init(
        "temperature", .number(.init(1)), default: .number(temperature.initial),
        "The attentions' temperature at the start of training, from where it falls."
      ).compared(starts),
      .init(
        "temperature_epochs", .optional(.number(.nonNegative)),
        default: temperature.epochs.map { .number($0) } ?? .null,
        "The number of epochs until the final temperature, whatever the training's length; 0 for that one throughout."),
      .init(
        "temperature_share", .optional(.number(.unit)), default: .null,
        "The share of the training until the final temperature, instead of epochs: 0.1 as in the papers' 10 of 100 epochs."
      ),
      .init(
        "final_temperature", .number(.positive), default: .number(temperature.target),
        "The attentions' temperature behind the descent."),
    ]
  }

  /// The keys that say one thing.
  static let alternatives = [["temperature_epochs", "temperature_share"]]

  /// Attention logits divided by the temperature of the step.
  ///
  /// - Throws: ``LabNN/ModelError/option(subject:problem:)`` for options that have no effect.
  func applied(to logits: Tensor, in context: ModelContext) throws -> Tensor {
    var annealing = TemperatureAnnealing(
      initial: initial, length: share.map(TemperatureAnnealing.Length.share) ?? .epochs(epochs ?? 0))
    annealing.target = target
    annealing.course = self.annealing == .cosine ? .cosine : .linear
    if self.annealing == .none { annealing.initial = target }
    guard let constant = annealing.constant else { return try logits.divided(by: context.scalar(annealing)) }
    return constant == 1 ? logits : try logits.affine(Float(1 / constant))
  }

  /// - Throws: ``LabNN/ModelError/option(subject:problem:)`` for options that have no effect, or contradict each other.
  func check() throws {
    let standard = AttentionTemperature()
    if annealing == .none, initial != standard.initial || epochs != standard.epochs || share != standard.share {
      throw ModelError.option(
        subject: "conv.temperature",
        problem: "without annealing the temperature is final_temperature throughout; leave temperature and its length "
          + "out, or set annealing to linear or cosine")
    }
    guard annealing == .none || initial >= target else {
      throw ModelError.option(
        subject: "conv.final_temperature",
        problem: "the temperature falls from \(JSONValue.number(initial).canonicalText), and ends at most there, "
          + "but is \(JSONValue.number(target).canonicalText)")
    }
  }
}
