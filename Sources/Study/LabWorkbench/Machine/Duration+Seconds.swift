extension Duration {
  /// The duration in seconds.
  package var secondCount: Double { Double(components.seconds) + Double(components.attoseconds) * 1e-18 }
}
