// Compares what the sources of each target import with the dependencies that Package.swift declares for it, both ways.
//
// usage: swift package dump-package | swift Scripts/check-imports.swift
import Foundation

struct Package: Decodable {
  struct Target: Decodable {
    var name: String
    var type: String
    var path: String?
    var dependencies: [Dependency]
  }
  var targets: [Target]
}

/// One of `{"byName": [name, …]}`, `{"target": [name, …]}` and `{"product": [name, package, …]}`.
struct Dependency: Decodable {
  var name: String

  init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    let parts = try container.decode([String: [Part]].self)
    name = parts.values.first?.first?.text ?? ""
  }

  struct Part: Decodable {
    var text: String?
    init(from decoder: any Decoder) throws { text = try? decoder.singleValueContainer().decode(String.self) }
  }
}

/// Modules of the system and of the toolchain, which no package declares.
let systemModules: Set = [
  "Foundation", "FoundationNetworking", "Dispatch", "Synchronization", "Testing", "Glibc", "Darwin", "CryptoKit",
]
/// Modules that come with a product of another name.
let modulesOfProducts = ["CYaml": "Yams"]

let package = try JSONDecoder().decode(Package.self, from: FileHandle.standardInput.readDataToEndOfFile())
let executables = Set(package.targets.filter { $0.type == "executable" }.map(\.name))
let line = try Regex(
  #"^\s*(?:@\w+\s+)*(?:(?:public|package|internal|fileprivate|private)\s+)?import\s+(?:(?:struct|class|enum|protocol|func|var|let|typealias)\s+)?(\w+)"#,
  as: (Substring, Substring).self)
var problems: [String] = []

for target in package.targets {
  let path = target.path ?? "\(target.type == "test" ? "Tests" : "Sources")/\(target.name)"
  guard let files = FileManager.default.enumerator(atPath: path)?.compactMap({ $0 as? String }) else {
    problems.append("\(target.name): there is no folder \(path)")
    continue
  }
  // What C sources include is the compiler's to check: it sees the headers of declared dependencies only.
  let sources = files.filter { $0.hasSuffix(".swift") && !$0.hasPrefix("Fixtures/") }
  guard !sources.isEmpty else { continue }
  let declared = Set(target.dependencies.map(\.name))
  var imported: [String: String] = [:]
  for file in sources.sorted() {
    // Programs in other languages stand in literals of several lines.
    var isInLiteral = false
    for text in try String(contentsOfFile: "\(path)/\(file)", encoding: .utf8).split(separator: "\n") {
      let quotes = text.ranges(of: "\"\"\"").count
      if !quotes.isMultiple(of: 2) { isInLiteral.toggle() }
      guard !isInLiteral else { continue }
      guard let match = text.firstMatch(of: line) else { continue }
      let module = String(match.1)
      imported[modulesOfProducts[module] ?? module] = imported[module] ?? "\(path)/\(file)"
    }
  }
  for (module, file) in imported.sorted(by: { $0.key < $1.key })
  where module != target.name && !systemModules.contains(module) && !declared.contains(module) {
    problems.append("\(file) imports \(module), which \(target.name) does not declare in Package.swift")
  }
  // A test may run a program without importing it.
  for name in declared.sorted() where imported[name] == nil && !executables.contains(name) {
    problems.append("\(target.name) declares \(name) in Package.swift and imports it nowhere")
  }
}

for problem in problems { print(problem) }
exit(problems.isEmpty ? 0 : 1)
