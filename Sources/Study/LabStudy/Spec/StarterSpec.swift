/// A commented spec to start from.
public enum StarterSpec {
  /// The text of a starter spec.
  ///
  /// - Parameters:
  ///   - name: the study's name.
  ///   - format: the language to write it in.
  public static func text(name: String, format: SourceFormat) -> String {
    switch format {
    case .json: json(name: name)
    case .yaml: yaml(name: name)
    }
  }

  private static func json(name: String) -> String {
    """
    // A study: what all runs have in common, the factors that differ, and which combinations are trained.
    //
    //   labrun sweep \(name) --dry-run    shows what would be trained
    //   labrun sweep \(name)              trains what is missing, then prints the table
    {
      "$schema": "spec.schema.json",
      "name": "\(name)",
      "description": "What is the question?",

      // What every run has in common. Keys that are left out have their defaults.
      "dataset": {
        "name": "fashion-mnist", // or "synthetic-signs", which needs no files
        "train_limit": 6000      // a stratified subset; leave it out for all images
      },
      "model": { "architecture": "resnet", "depth": 8, "width": 16 },
      "training": { "epochs": 3, "batch_size": 64 },

      // The axes. A factor is called like the key that its levels are values of: "conv" is short for "model.conv".
      "factors": {
        "conv": ["static", "odconv-4x"],
        "downsample": ["strided", "spd"]
        // A level can set several keys:
        // , "recipe": {
        //   "short": { "training.epochs": 3 },
        //   "long": { "training.epochs": 9, "training.learning_rate": 0.05 }
        // }
      },

      // What every other variant is compared with: a level of each factor.
      "baseline": { "conv": "static", "downsample": "strided" },

      // factorial · one-factor-at-a-time · leave-one-out · add-one-in · add-and-leave-out · pairs · list
      "design": "factorial",

      // Cells to leave out, by their levels:
      // "exclude": [{ "conv": "odconv-4x", "downsample": "spd" }],

      // Three seeds or more tell a difference from noise.
      "seeds": [0, 1, 2]
    }

    """
  }

  private static func yaml(name: String) -> String {
    """
    # yaml-language-server: $schema=spec.schema.json
    #
    # A study: what all runs have in common, the factors that differ, and which combinations are trained.
    #
    #   labrun sweep \(name) --dry-run    shows what would be trained
    #   labrun sweep \(name)              trains what is missing, then prints the table
    name: "\(name)"
    description: What is the question?

    # What every run has in common. Keys that are left out have their defaults.
    dataset:
      name: fashion-mnist # or synthetic-signs, which needs no files
      train_limit: 6000 # a stratified subset; leave it out for all images
    model:
      architecture: resnet
      depth: 8
      width: 16
    training:
      epochs: 3
      batch_size: 64

    # The axes. A factor is called like the key that its levels are values of: conv is short for model.conv.
    factors:
      conv: [static, odconv-4x]
      downsample: [strided, spd]
      # A level can set several keys:
      # recipe:
      #   short: { training.epochs: 3 }
      #   long: { training.epochs: 9, training.learning_rate: 0.05 }

    # What every other variant is compared with: a level of each factor.
    baseline:
      conv: static
      downsample: strided

    # factorial · one-factor-at-a-time · leave-one-out · add-one-in · add-and-leave-out · pairs · list
    design: factorial

    # Cells to leave out, by their levels:
    # exclude:
    #   - { conv: odconv-4x, downsample: spd }

    # Three seeds or more tell a difference from noise.
    seeds: [0, 1, 2]

    """
  }
}
