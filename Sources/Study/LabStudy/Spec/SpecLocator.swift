import Foundation
import LabCore

/// Finds a spec by what a user types for it.
///
/// Tried in turn: the exact path, the path without regard to case (`experiments/ablation.json` finds
/// `Experiments/ablation.json`), the path with an extension added, and the bare name of a file in the specs' folder.
public struct SpecLocator: Sendable {
  /// The folder that relative paths start from.
  public var currentDirectory: String
  /// The folder of specs in it, as the project names it.
  public var folder: String

  /// Creates a locator for the current folder.
  public init(
    currentDirectory: String = FileManager.default.currentDirectoryPath, folder: String = "Experiments"
  ) {
    self.currentDirectory = currentDirectory
    self.folder = folder
  }

  /// The path of the spec that an argument means, relative where the argument is.
  ///
  /// - Throws: ``SpecError/notFound(_:folder:available:suggestion:)``, ``SpecError/isFolder(_:specs:)``, ``SpecError/ambiguous(_:candidates:)``.
  public func locate(_ argument: String) throws -> String {
    if isFile(argument) { return argument }
    var candidates = filesIgnoringCase(argument)
    if candidates.isEmpty {
      candidates = SourceFormat.fileExtensions.flatMap { filesIgnoringCase("\(argument).\($0)") }
    }
    if candidates.isEmpty, !argument.contains("/") { candidates = specs(named: argument) }
    guard let first = candidates.first else {
      guard isFolder(argument), !argument.isEmpty else { throw notFound(argument) }
      throw SpecError.isFolder(argument, specs: specs(in: argument))
    }
    guard candidates.count == 1 else { throw SpecError.ambiguous(argument, candidates: candidates) }
    return first
  }

  /// The specs of the folder, sorted, as paths from the current folder.
  public func availableSpecs() -> [String] {
    foldersIgnoringCase().flatMap(specs(in:))
  }

  private func specs(in folder: String) -> [String] {
    let prefix = folder.hasSuffix("/") ? folder : folder + "/"
    return entries(of: folder).filter { isSpecName($0) && isFile(prefix + $0) }.map { prefix + $0 }
  }

  // MARK: Candidates

  private func specs(named name: String) -> [String] {
    let specs = availableSpecs()
    let files = specs.filter { ($0 as NSString).lastPathComponent == name }
    if !files.isEmpty { return files }
    func stem(_ path: String) -> String { ((path as NSString).lastPathComponent as NSString).deletingPathExtension }
    let exact = specs.filter { stem($0) == name }
    if !exact.isEmpty { return exact }
    return specs.filter {
      stem($0).lowercased() == name.lowercased() || ($0 as NSString).lastPathComponent.lowercased() == name.lowercased()
    }
  }

  /// The files whose path differs from the given one in case at most.
  private func filesIgnoringCase(_ path: String) -> [String] {
    // Parts that are spelt right come first; only where they lead nowhere are their namesakes tried.
    let close = files(path, preferringExact: true)
    return close.isEmpty ? files(path, preferringExact: false) : close
  }

  private func files(_ path: String, preferringExact: Bool) -> [String] {
    var found = [path.hasPrefix("/") ? "/" : ""]
    for component in path.split(separator: "/").map(String.init) where component != "." {
      found = found.flatMap { parent -> [String] in
        let prefix = parent.isEmpty || parent.hasSuffix("/") ? parent : parent + "/"
        if component == ".." || preferringExact && exists(prefix + component) { return [prefix + component] }
        return entries(of: parent).filter { $0.lowercased() == component.lowercased() }.map { prefix + $0 }
      }
    }
    return found.filter(isFile)
  }

  private func foldersIgnoringCase() -> [String] {
    if isFolder(folder) { return [folder] }
    return entries(of: "").filter { $0.lowercased() == folder.lowercased() && isFolder($0) }
  }

  private func notFound(_ argument: String) -> SpecError {
    let available = availableSpecs()
    let isPath = argument.contains("/")
    func name(_ path: String) -> String {
      isPath ? path : ((path as NSString).lastPathComponent as NSString).deletingPathExtension
    }
    let wanted = isPath ? argument : (argument as NSString).deletingPathExtension
    let nearest = NearestName.suggestion(for: wanted, among: available.map(name))
    return .notFound(
      argument, folder: folder, available: available,
      suggestion: nearest.flatMap { nearest in available.first { name($0) == nearest } })
  }

  // MARK: Files

  private func isSpecName(_ name: String) -> Bool {
    SourceFormat(fileExtension: (name as NSString).pathExtension) != nil && !name.hasSuffix(".schema.json")
      && !name.hasPrefix(".")
  }

  private func absolute(_ path: String) -> String {
    path.hasPrefix("/") ? path : path.isEmpty ? currentDirectory : currentDirectory + "/" + path
  }

  private func entries(of folder: String) -> [String] {
    ((try? FileManager.default.contentsOfDirectory(atPath: absolute(folder))) ?? []).sorted()
  }

  private func exists(_ path: String) -> Bool { FileManager.default.fileExists(atPath: absolute(path)) }

  private func isFile(_ path: String) -> Bool { exists(path) && !isFolder(path) }

  private func isFolder(_ path: String) -> Bool {
    var isFolder: ObjCBool = false
    return FileManager.default.fileExists(atPath: absolute(path), isDirectory: &isFolder) && isFolder.boolValue
  }
}
