import Foundation
import Testing

/// The floors and rooms of `ARCHITECTURE.md` are those of the manifest.
@Suite struct ArchitectureTests {
  private struct Room {
    var floor: Int
    /// What it may import; nil for everything below.
    var imports: Set<String>?
  }

  /// The rooms by their names, from the tables below the headings of floors.
  private static func rooms() throws -> (floors: [String], rooms: [String: Room]) {
    let page = try MarkdownPage("ARCHITECTURE.md").prose
    let section = try #require(page.firstRange(of: "## Floors and rooms")).upperBound
    var floors: [String] = []
    var rooms: [String: Room] = [:]
    for line in page[section...].split(separator: "\n").prefix(while: { !$0.hasPrefix("## ") }) {
      if line.hasPrefix("### ") { floors.append(String(line.dropFirst(4))) }
      let cells = line.split(separator: "|")
      guard line.hasPrefix("| `"), cells.count == 3 else { continue }
      func names(_ text: Substring) -> [String] { text.matches(of: /`(\w+)`/).map { String($0.output.1) } }
      for name in names(cells[0]) {
        #expect(rooms[name] == nil, "\(name) has two rows")
        rooms[name] = Room(
          floor: floors.count - 1, imports: cells[2].contains("everything below") ? nil : Set(names(cells[2])))
      }
    }
    return (floors, rooms)
  }

  /// The targets of the manifest that are no tests: their paths and what they depend on, without products of packages.
  private static func targets() throws -> [String: (path: String, dependencies: Set<String>)] {
    let manifest = try String(
      contentsOf: MarkdownPage.root.appendingPathComponent("Package.swift"), encoding: .utf8)
    let start = try #require(manifest.firstRange(of: "\n  targets: [")).upperBound
    var targets: [String: (path: String, dependencies: Set<String>)] = [:]
    for chunk in manifest[start...].split(separator: /\.(target|executableTarget|systemLibrary|testTarget)\(/) {
      guard let name = chunk.firstMatch(of: /^\s*name: "(\w+)"/)?.output.1,
        let path = chunk.firstMatch(of: /path: "(Sources\/[\w\/]+)"/)?.output.1
      else { continue }
      var dependencies: Set<String> = []
      if let list = chunk.firstMatch(of: /dependencies: \[([^\]]*)\]/)?.output.1 {
        let own = list.replacing(/\.product\([^)]*\)/, with: "")
        dependencies = Set(own.matches(of: /"(\w+)"/).map { String($0.output.1) })
      }
      targets[String(name)] = (String(path), dependencies.subtracting(["Yams"]))
    }
    return targets
  }

  @Test func everyTargetHasItsRoom() throws {
    let (floors, rooms) = try Self.rooms()
    let targets = try Self.targets()
    #expect(targets.count > 20)
    #expect(Set(rooms.keys).subtracting(targets.keys) == [], "rooms of ARCHITECTURE.md that the manifest does not have")
    for (name, target) in targets.sorted(by: { $0.key < $1.key }) {
      guard let room = rooms[name] else {
        Issue.record("ARCHITECTURE.md has no row for \(name)")
        continue
      }
      #expect(target.path == "Sources/\(floors[room.floor])/\(name)", "\(name) lies on another floor")
      if let imports = room.imports {
        #expect(target.dependencies.subtracting(imports) == [], "\(name) imports more than its row says")
      }
      for dependency in target.dependencies {
        let below = try #require(rooms[dependency], "\(name) imports \(dependency), which has no row").floor
        #expect(below <= room.floor, "\(name) imports \(dependency), which is on a floor above")
      }
    }
  }
}
