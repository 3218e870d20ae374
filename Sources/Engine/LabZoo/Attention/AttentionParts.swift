/// Which of its two attentions a block has.
public struct AttentionParts: Codable, Hashable, Sendable {
  /// Whether there is the attention over channels.
  public var channel = true
  /// Whether there is the attention over pixels.
  public var spatial = true

  /// Creates both.
  public init() {}
}
