// swift-tools-version: 6.0
import PackageDescription

// A program of one's own: labrun with three things that it does not have. Outside of labrun's repository the dependency is
// `.package(url: "…/labrun", from: "…")`.
let package = Package(
  name: "CustomBlock",
  platforms: [.macOS(.v15)],
  dependencies: [.package(name: "labrun", path: "../..")],
  targets: [
    .executableTarget(
      name: "customblock",
      dependencies: ["LabCore", "LabGraph", "LabNN", "LabRecords", "LabZoo", "LabCommandLine"].map {
        .product(name: $0, package: "labrun")
      })
  ],
  swiftLanguageModes: [.v6]
)
