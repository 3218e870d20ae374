/// What an image's file says of it that the pixels, as they are taken, do not show.
package struct ImageTraits: OptionSet, Hashable, Sendable {
  package let rawValue: UInt8

  package init(rawValue: UInt8) { self.rawValue = rawValue }

  /// A camera's orientation says that the pixels lie turned or mirrored.
  package static let turned = ImageTraits(rawValue: 1)
  /// Some pixels are not opaque.
  package static let transparent = ImageTraits(rawValue: 2)
}

/// How many images have each trait, with the names of a few.
package struct ImageTraitTally: Codable, Hashable, Sendable {
  /// The images of one trait.
  package struct Entry: Codable, Hashable, Sendable {
    /// How many there are.
    package var count = 0
    /// The names of the first few, in their order.
    package var examples: [String] = []

    fileprivate static let mostExamples = 3

    fileprivate mutating func add(_ name: String) {
      count += 1
      let place = examples.firstIndex { $0 > name } ?? examples.endIndex
      examples.insert(name, at: place)
      if examples.count > Self.mostExamples { examples.removeLast() }
    }
  }

  package var turned = Entry()
  package var transparent = Entry()

  package init() {}

  /// The images of both.
  package static func + (first: ImageTraitTally, second: ImageTraitTally) -> ImageTraitTally {
    var sum = first
    for trait: WritableKeyPath<ImageTraitTally, Entry> in [\.turned, \.transparent] {
      sum[keyPath: trait].count += second[keyPath: trait].count
      sum[keyPath: trait].examples =
        Array((first[keyPath: trait].examples + second[keyPath: trait].examples).sorted().prefix(Entry.mostExamples))
    }
    return sum
  }

  /// Counts an image.
  package mutating func add(_ traits: ImageTraits, of name: String) {
    if traits.contains(.turned) { turned.add(name) }
    if traits.contains(.transparent) { transparent.add(name) }
  }
}
