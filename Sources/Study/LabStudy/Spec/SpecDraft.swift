import LabCore

/// A spec as far as it could be read: the input of every validation rule.
///
/// Reading is lenient, so that one mistake does not hide the others: what has the wrong shape is left out here and
/// reported in ``shapeIssues``.
struct SpecDraft {
  /// One axis.
  struct Factor {
    var name: String
    var nameLocation: SourceLocation
    /// Where the levels are written.
    var location: SourceLocation
    /// The keys that the factor's own name may mean.
    var matches: [StudySchema.Key]
    var levels: [Level]

    /// The key that the levels are values of; nil where they set keys by name or the factor's name is unclear.
    var key: StudySchema.Key? { matches.count == 1 ? matches.first : nil }
    var keyPath: ConfigurationPath { ConfigurationPath("factors").appending(name) }
  }

  /// One level of an axis.
  struct Level {
    var label: String
    /// Whether the label follows from a value that is no word, so that it says little by itself.
    var isBareValue: Bool
    var location: SourceLocation
    /// The way to the level in the spec.
    var keyPath: ConfigurationPath
    var settings: [Setting]
  }

  /// One key that a level sets.
  struct Setting {
    /// The key's name as it is written.
    var name: String
    var nameLocation: SourceLocation
    /// The keys that the name may mean.
    var matches: [StudySchema.Key]
    var value: SourceValue
    /// The way to the setting in the spec.
    var keyPath: ConfigurationPath
    /// Whether the key is named by the factor and not by the level.
    var isNamedByFactor: Bool

    /// The path that the setting changes, where its name is clear.
    var target: ConfigurationPath? { matches.count == 1 ? matches[0].path : nil }
  }

  /// An object from factors to levels: the baseline, an excluded cell, ….
  struct Assignment {
    /// One factor with the level, or list of levels, that is named for it.
    struct Entry {
      var factor: String
      var factorLocation: SourceLocation
      var value: SourceValue
    }

    var location: SourceLocation
    var keyPath: ConfigurationPath
    var entries: [Entry]
  }

  /// The chosen design.
  struct DesignChoice {
    var name: String
    var nameLocation: SourceLocation
    /// The object form without `name` and `cells`; nil for the short form.
    var options: JSONValue
    var cells: [Assignment]?
    var location: SourceLocation
  }

  /// The seeds in the order of the spec.
  struct Seeds {
    var values: [(seed: UInt64, location: SourceLocation)]
    var location: SourceLocation
  }

  var root: SourceValue
  var name: (text: String, location: SourceLocation)?
  var description: String?
  /// The sections as they are written.
  var sections: JSONValue = .object([:])
  var execution: JSONValue = .object([:])
  /// The section `analysis` as it is written; nil where there is none.
  var analysis: JSONValue?
  var factors: [Factor] = []
  var baseline: Assignment?
  var full: Assignment?
  var design: DesignChoice?
  var include: [Assignment] = []
  var exclude: [Assignment] = []
  var seeds: Seeds?
  /// What had the wrong shape to be read.
  var shapeIssues: [SpecIssue] = []

  init(root: SourceValue) { self.root = root }

  /// The index of a factor.
  func factorIndex(_ name: String) -> Int? { factors.firstIndex { $0.name == name } }
}
