import LabCore

/// The designs that specs can name.
public enum Designs {
  /// The designs in the order of the documentation; a spec without a design gets the first.
  public static let registry = Registry<any Design>(
    "designs",
    [
      FactorialDesign(),
      OneFactorAtATimeDesign(),
      LeaveOneOutDesign(),
      AddOneInDesign(),
      AddAndLeaveOutDesign(),
      PairsDesign(),
      ListDesign(),
    ]
  ) { [$0.name] }
}
