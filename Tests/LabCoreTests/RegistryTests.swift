import LabCore
import Testing

/// What can be added to a registry, and when.
@Suite struct RegistryTests {
  private struct Color: Hashable, Sendable { var names: [String] }

  private func colors() -> Registry<Color> {
    Registry("colors", [Color(names: ["red", "scarlet"]), Color(names: ["blue"])]) { $0.names }
  }

  @Test func additionsComeLastAndAreFoundByName() throws {
    let registry = colors()
    try registry.add(Color(names: ["azure"]))
    #expect(registry.names == ["red", "blue", "azure"])
    #expect(registry["azure"] == Color(names: ["azure"]))
    #expect(registry["scarlet"] == nil)
    #expect(registry["green"] == nil)
  }

  @Test(arguments: [["blue"], ["scarlet"], ["navy", "blue"]]) func aNameIsGivenOnce(_ names: [String]) {
    let taken = names.last ?? ""
    let registry = colors()
    let error = #expect(throws: RegistryError.self) { try registry.add(Color(names: names)) }
    #expect(error?.description.contains("the colors") == true)
    #expect(error?.description.contains("Color has the name \"\(taken)\"") == true, "\(error as Any)")
    #expect(registry.names == ["red", "blue"])
  }

  @Test func entriesHaveNames() {
    #expect(throws: RegistryError.self) { try colors().add(Color(names: [])) }
    #expect(throws: RegistryError.self) { try colors().add(Color(names: ["green", ""])) }
  }

  @Test func nothingIsAddedToARegistryInUse() throws {
    let registry = colors()
    #expect(registry.entries.count == 2)
    let error = #expect(throws: RegistryError.self) { try registry.add(Color(names: ["green"])) }
    #expect(error?.description.contains("in use") == true)
    #expect(registry.names == ["red", "blue"])
    let copy = Registry(copying: registry)
    try copy.add(Color(names: ["green"]))
    #expect(copy.names == ["red", "blue", "green"])
  }

  @Test func manyThreadsAddEachNameOnce() async {
    let registry = colors()
    let added = await withTaskGroup(of: Bool.self) { group in
      for index in 0..<200 {
        group.addTask { (try? registry.add(Color(names: ["\(index % 50)"]))) != nil }
      }
      return await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
    }
    #expect(added == 50)
    #expect(registry.names.count == 52)
    #expect(Set(registry.names).count == 52)
  }
}

/// Families of components from outside the project.
@Suite struct ComponentFamilyTests {
  @Test func componentsAreFoundByNameAliasAndOptions() throws {
    try ShapeFamily.registry.add(Polygon())
    #expect(ShapeFamily.registry.names == ["circle", "polygon"])
    #expect(try ShapeFamily.component("hexagon") as? Polygon == Polygon(corners: 6))
    #expect(try ShapeFamily.component(["name": "polygon", "corners": 5]) as? Polygon == Polygon(corners: 5))
    #expect(try ShapeFamily.configuration(of: Polygon()) == ["name": "polygon", "corners": 3])
    #expect(throws: ConfigurationError.self) { try ShapeFamily.component("octagon") }
    #expect(throws: RegistryError.self) { try ShapeFamily.configuration(of: Star()) }
  }
}

private protocol Figure: ConfigurableComponent {}

private enum ShapeFamily: ComponentFamily {
  static let registry = Registry<any Figure>("shapes", [Circle()]) { type(of: $0).registeredNames }
}

private struct Circle: Figure {
  static let variant = ConfigurationSchema.Variant("circle", "Round.")
}

private struct Star: Figure {
  static let variant = ConfigurationSchema.Variant("star", "Never registered.")
}

private struct Polygon: Figure {
  var corners = 3

  static let variant = ConfigurationSchema.Variant(
    "polygon", "With corners.",
    options: ConfigurationSchema([.init("corners", .integer(3...100), default: 3, "How many.")]),
    aliases: ["hexagon": ["corners": 6]])
}
