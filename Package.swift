// swift-tools-version: 6.0
import PackageDescription

// Kernels written with vector extensions need the optimiser in every build configuration:
// an unoptimised build of them is some fifty times slower and would make debug tests useless.
let kernelSettings: [CSetting] = [.unsafeFlags(["-O3", "-fno-math-errno"])]

// Tests compare everything with the reference interpreter, whose plain loops need the optimiser for the same reason.
let oracleSettings: [SwiftSetting] = [.unsafeFlags(["-O"])]

let package = Package(
  name: "labrun",
  platforms: [.macOS(.v15)],
  products: [
    .executable(name: "labrun", targets: ["labrun"])
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
    .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
    .package(url: "https://github.com/apple/swift-crypto", from: "4.5.0"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.0"),
    .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
  ],
  targets: [
    // MARK: System libraries and C
    .systemLibrary(
      name: "CHDF5", pkgConfig: "hdf5",
      providers: [.apt(["libhdf5-dev"]), .brew(["hdf5"])]),
    .systemLibrary(
      name: "CZlib", pkgConfig: "zlib",
      providers: [.apt(["zlib1g-dev"]), .brew(["zlib"])]),
    .systemLibrary(
      name: "CPNG", pkgConfig: "libpng",
      providers: [.apt(["libpng-dev"]), .brew(["libpng"])]),
    .systemLibrary(
      name: "CJPEG", pkgConfig: "libjpeg",
      providers: [.apt(["libjpeg-dev"]), .brew(["jpeg-turbo"])]),
    .systemLibrary(
      name: "CWebP", pkgConfig: "libwebpdemux",
      providers: [.apt(["libwebp-dev"]), .brew(["webp"])]),
    .systemLibrary(
      name: "CTIFF", pkgConfig: "libtiff-4",
      providers: [.apt(["libtiff-dev"]), .brew(["libtiff"])]),
    .systemLibrary(
      name: "CGIF", pkgConfig: "libgif",
      providers: [.apt(["libgif-dev"]), .brew(["giflib"])]),
    .target(name: "CImageCodecs", dependencies: ["CPNG", "CJPEG", "CWebP", "CTIFF", "CGIF"]),
    .target(
      name: "COneDNN", linkerSettings: [.linkedLibrary("dnnl")]),
    .target(name: "CLabMachine"),
    .target(name: "CLabKernels", cSettings: kernelSettings),
    .target(name: "CLabImages", cSettings: kernelSettings),

    // MARK: Foundations
    .target(
      name: "LabCore",
      dependencies: [.product(name: "Crypto", package: "swift-crypto")]),
    .target(name: "LabStats", dependencies: ["LabCore"]),
    .target(name: "LabForeign", dependencies: ["LabCore", "CHDF5"]),

    // MARK: Engine
    .target(
      name: "LabGraph",
      dependencies: ["LabCore", .product(name: "OrderedCollections", package: "swift-collections")]),
    .target(name: "BackendReference", dependencies: ["LabGraph"], swiftSettings: oracleSettings),
    .target(name: "BackendOneDNN", dependencies: ["LabGraph", "COneDNN", "CLabKernels", "CLabMachine"]),
    .target(name: "LabNN", dependencies: ["LabGraph"]),
    .target(name: "LabZoo", dependencies: ["LabNN"]),

    // MARK: Data and training
    .target(name: "LabData", dependencies: ["LabCore", "LabForeign", "CHDF5", "CZlib", "CImageCodecs", "CLabImages"]),
    .target(name: "LabTrain", dependencies: ["LabNN", "LabData", "LabStats"]),

    // MARK: Studies
    .target(
      name: "LabStudy",
      dependencies: [
        "LabCore", "Yams", .product(name: "OrderedCollections", package: "swift-collections"),
      ]),
    .target(
      name: "LabStore",
      dependencies: ["LabStudy", "LabForeign", "CHDF5", .product(name: "GRDB", package: "GRDB.swift")]),
    .target(name: "LabReport", dependencies: ["LabStudy", "LabStats"]),

    // MARK: Command line
    .executableTarget(
      name: "labrun",
      dependencies: [
        "LabCore", "LabForeign", "LabStats", "LabGraph", "BackendReference", "BackendOneDNN", "LabNN", "LabZoo",
        "LabData", "LabTrain", "LabStudy", "LabStore", "LabReport", "CLabMachine",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "Logging", package: "swift-log"),
      ]),

    // MARK: Tests
    .target(
      name: "LabTesting", dependencies: ["LabGraph", "BackendReference", "LabStudy", "CHDF5"],
      resources: [.copy("Fixtures")]),
    .target(name: "LabFuzzing", dependencies: ["LabCore", "LabForeign"]),
    .testTarget(name: "CLabKernelsTests", dependencies: ["CLabKernels", "LabCore"]),
    .testTarget(name: "LabCoreTests", dependencies: ["LabCore"]),
    .testTarget(name: "LabStatsTests", dependencies: ["LabStats"], resources: [.copy("Fixtures")]),
    .testTarget(name: "LabGraphTests", dependencies: ["LabGraph", "BackendReference", "LabTesting"]),
    .testTarget(name: "BackendReferenceTests", dependencies: ["BackendReference", "LabNN", "LabTesting"]),
    .testTarget(
      name: "BackendOneDNNTests", dependencies: ["BackendOneDNN", "BackendReference", "LabNN", "LabZoo", "LabTesting"]),
    .testTarget(
      name: "LabNNTests", dependencies: ["LabNN", "BackendReference", "BackendOneDNN", "LabTesting"],
      resources: [.copy("Fixtures")]),
    .testTarget(
      name: "LabZooTests", dependencies: ["LabZoo", "BackendReference", "LabTesting"],
      resources: [.copy("Fixtures")]),
    .testTarget(
      name: "LabDataTests", dependencies: ["LabData", "LabFuzzing", "CZlib"], resources: [.copy("Fixtures")]),
    .testTarget(
      name: "LabTrainTests", dependencies: ["LabTrain", "LabZoo", "BackendReference", "BackendOneDNN", "LabTesting"]),
    .testTarget(name: "LabStudyTests", dependencies: ["LabStudy", "LabTesting", "LabFuzzing"]),
    .executableTarget(
      name: "StoreCrasher", dependencies: ["LabStore", "LabTesting"], path: "Tests/Helpers/StoreCrasher"),
    .testTarget(
      name: "LabStoreTests",
      dependencies: [
        "LabStore", "LabTesting", "LabFuzzing", "StoreCrasher", .product(name: "GRDB", package: "GRDB.swift"),
      ],
      resources: [.copy("Fixtures")]),
    .testTarget(name: "LabReportTests", dependencies: ["LabReport"]),
    .testTarget(name: "CommandLineTests", dependencies: ["labrun", "LabStudy", "LabStore"]),
  ],
  swiftLanguageModes: [.v6]
)
