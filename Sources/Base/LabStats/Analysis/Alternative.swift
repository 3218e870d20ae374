/// On which side of nothing a difference is looked for.
public enum Alternative: String, Sendable, Hashable, Codable, CaseIterable {
  /// On both: intervals have two ends.
  case twoSided = "two-sided"
  /// Above: intervals have a lower end only.
  case greater
  /// Below: intervals have an upper end only.
  case less
}
