// swift-tools-version: 6.0
import PackageDescription

// Kernels written with vector extensions, and the reference interpreter, with which tests compare everything, are some
// fifty times slower without the optimizer, so that a debug build has it for them. SwiftPM lets no dependency set such flags:
// a package that depends on a version of labrun is fast in release, where nothing is set at all.
let isDependency = Context.packageDirectory.contains("/checkouts/") || Context.packageDirectory.contains("/registry/")
let kernelSettings: [CSetting] = isDependency ? [] : [.unsafeFlags(["-O2"], .when(configuration: .debug))]
let oracleSettings: [SwiftSetting] = isDependency ? [] : [.unsafeFlags(["-O"], .when(configuration: .debug))]

let package = Package(
  name: "labrun",
  platforms: [.macOS(.v15)],
  products: [
    .executable(name: "labrun", targets: ["labrun"]),
    // What a program of somebody else's is made of: the engine, what has registries, and all commands.
    .library(name: "LabCore", targets: ["LabCore"]),
    .library(name: "LabStats", targets: ["LabStats"]),
    .library(name: "LabRecords", targets: ["LabRecords"]),
    .library(name: "LabGraph", targets: ["LabGraph"]),
    .library(name: "LabNN", targets: ["LabNN"]),
    .library(name: "LabZoo", targets: ["LabZoo"]),
    .library(name: "LabONNX", targets: ["LabONNX"]),
    .library(name: "LabData", targets: ["LabData"]),
    .library(name: "LabTrain", targets: ["LabTrain"]),
    .library(name: "LabStudy", targets: ["LabStudy"]),
    .library(name: "LabReport", targets: ["LabReport"]),
    .library(name: "LabWorkbench", targets: ["LabWorkbench"]),
    .library(name: "LabCommandLine", targets: ["LabCommandLine"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.0"),
    .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
    .package(url: "https://github.com/swhitty/FlyingFox", from: "0.27.0"),
  ],
  targets: [
    // MARK: System libraries and C
    .systemLibrary(
      name: "CHDF5", path: "Sources/Base/CHDF5", pkgConfig: "hdf5",
      providers: [.apt(["libhdf5-dev"]), .brew(["hdf5"])]),
    .systemLibrary(
      name: "CCrypto", path: "Sources/Base/CCrypto", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
    .systemLibrary(
      name: "CZlib", path: "Sources/Data/CZlib", pkgConfig: "zlib",
      providers: [.apt(["zlib1g-dev"]), .brew(["zlib"])]),
    .systemLibrary(
      name: "CPNG", path: "Sources/Data/CPNG", pkgConfig: "libpng",
      providers: [.apt(["libpng-dev"]), .brew(["libpng"])]),
    .systemLibrary(
      name: "CJPEG", path: "Sources/Data/CJPEG", pkgConfig: "libjpeg",
      providers: [.apt(["libjpeg-dev"]), .brew(["jpeg-turbo"])]),
    .systemLibrary(
      name: "CWebP", path: "Sources/Data/CWebP", pkgConfig: "libwebpdemux",
      providers: [.apt(["libwebp-dev"]), .brew(["webp"])]),
    .systemLibrary(
      name: "CTIFF", path: "Sources/Data/CTIFF", pkgConfig: "libtiff-4",
      providers: [.apt(["libtiff-dev"]), .brew(["libtiff"])]),
    .systemLibrary(
      name: "CGIF", path: "Sources/Data/CGIF", pkgConfig: "libgif",
      providers: [.apt(["libgif-dev"]), .brew(["giflib"])]),
    .target(
      name: "CImageCodecs", dependencies: ["CPNG", "CJPEG", "CWebP", "CTIFF", "CGIF"], path: "Sources/Data/CImageCodecs"
    ),
    .target(
      name: "COneDNN", path: "Sources/Engine/COneDNN", linkerSettings: [.linkedLibrary("dnnl")]),
    .target(name: "CLabMachine", path: "Sources/Base/CLabMachine"),
    .target(name: "CLabKernels", path: "Sources/Engine/CLabKernels", cSettings: kernelSettings),
    .target(name: "CLabImages", path: "Sources/Data/CLabImages", cSettings: kernelSettings),

    // MARK: Foundations
    .target(
      name: "LabCore",
      // Apple's systems have CryptoKit.
      dependencies: [.byName(name: "CCrypto", condition: .when(platforms: [.linux]))], path: "Sources/Base/LabCore"),
    .target(name: "LabStats", dependencies: ["LabCore"], path: "Sources/Base/LabStats"),
    .target(name: "LabRecords", dependencies: ["LabCore", "LabStats"], path: "Sources/Base/LabRecords"),
    .target(name: "LabHDF5", dependencies: ["LabCore", "CHDF5"], path: "Sources/Base/LabHDF5"),

    // MARK: Engine
    .target(
      name: "LabGraph", dependencies: ["LabCore"], path: "Sources/Engine/LabGraph"),
    .target(
      name: "BackendReference", dependencies: ["LabCore", "LabGraph"], path: "Sources/Engine/BackendReference",
      swiftSettings: oracleSettings),
    .target(
      name: "BackendOneDNN", dependencies: ["LabCore", "LabGraph", "COneDNN", "CLabKernels", "CLabMachine"],
      path: "Sources/Engine/BackendOneDNN"),
    .target(name: "LabNN", dependencies: ["LabCore", "LabGraph"], path: "Sources/Engine/LabNN"),
    .target(name: "LabZoo", dependencies: ["LabCore", "LabGraph", "LabNN"], path: "Sources/Engine/LabZoo"),
    .target(name: "LabONNX", dependencies: ["LabCore", "LabGraph"], path: "Sources/Engine/LabONNX"),

    // MARK: Data and training
    .target(name: "LabSyntheticSigns", dependencies: ["LabCore"], path: "Sources/Data/LabSyntheticSigns"),
    .target(
      name: "LabData",
      dependencies: ["LabCore", "LabHDF5", "LabSyntheticSigns", "CZlib", "CImageCodecs", "CLabImages"],
      path: "Sources/Data/LabData"),
    .target(
      name: "LabTrain", dependencies: ["LabCore", "LabGraph", "LabNN", "LabData", "LabRecords", "LabStats"],
      path: "Sources/Engine/LabTrain"),

    // MARK: Studies
    .target(
      name: "LabStudy",
      dependencies: ["LabCore", "LabRecords", "Yams"], path: "Sources/Study/LabStudy"),
    .target(
      name: "LabScheduler", dependencies: ["LabCore", "LabStats", "LabRecords"], path: "Sources/Study/LabScheduler"),
    .target(
      name: "LabStore",
      dependencies: [
        "LabCore", "LabStats", "LabRecords", "LabHDF5", .product(name: "GRDB", package: "GRDB.swift"),
      ], path: "Sources/Study/LabStore"),
    .target(
      name: "LabReport", dependencies: ["LabCore", "LabRecords", "LabStats"], path: "Sources/Study/LabReport"),
    .target(
      name: "LabExchange", dependencies: ["LabCore", "LabStats", "LabRecords", "LabStudy", "CPNG"],
      path: "Sources/Study/LabExchange"),

    .target(
      name: "LabWorkbench",
      dependencies: [
        "LabCore", "LabStats", "LabGraph", "BackendOneDNN", "BackendReference", "LabNN", "LabZoo", "LabData",
        "LabTrain", "LabONNX", "LabStudy", "LabRecords", "LabScheduler", "LabStore", "LabReport", "LabExchange",
        "LabHDF5", "CLabMachine",
      ], path: "Sources/Study/LabWorkbench"),

    // MARK: Window and command line
    .target(
      name: "LabServe",
      dependencies: [
        "LabCore", "LabRecords", "LabScheduler", "LabStore", "LabReport", "LabWorkbench", "CZlib",
        .product(name: "FlyingSocks", package: "FlyingFox"),
      ], path: "Sources/App/LabServe"),
    .target(
      name: "LabCommandLine",
      dependencies: [
        "LabWorkbench", "LabCore", "LabHDF5", "LabStats", "LabGraph", "LabNN", "LabZoo", "LabData",
        "LabTrain", "LabONNX", "LabStudy", "LabRecords", "LabScheduler", "LabStore", "LabReport", "LabExchange",
        "LabServe", "CLabMachine",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "Logging", package: "swift-log"),
      ], path: "Sources/App/LabCommandLine"),
    .executableTarget(name: "labrun", dependencies: ["LabCommandLine"], path: "Sources/App/labrun"),

    // MARK: Tests
    .target(
      name: "LabTesting", dependencies: ["LabCore", "LabStats", "LabGraph", "BackendReference", "LabRecords"],
      path: "Sources/Testing/LabTesting",
      resources: [.copy("Fixtures")]),
    .target(name: "LabFuzzing", dependencies: ["LabCore", "LabHDF5"], path: "Sources/Testing/LabFuzzing"),
    .testTarget(name: "CLabKernelsTests", dependencies: ["CLabKernels", "LabCore"]),
    .testTarget(name: "LabCoreTests", dependencies: ["LabCore"]),
    .testTarget(name: "LabStatsTests", dependencies: ["LabCore", "LabStats"], resources: [.copy("Fixtures")]),
    .testTarget(name: "LabGraphTests", dependencies: ["LabCore", "LabGraph", "BackendReference", "LabTesting"]),
    .testTarget(
      name: "BackendReferenceTests", dependencies: ["LabCore", "LabGraph", "BackendReference", "LabTesting"]),
    .testTarget(
      name: "BackendOneDNNTests",
      dependencies: [
        "LabCore", "LabGraph", "BackendOneDNN", "BackendReference", "CLabKernels", "COneDNN", "LabNN", "LabZoo",
        "LabTesting",
      ]),
    .testTarget(
      name: "LabNNTests", dependencies: ["LabCore", "LabGraph", "LabNN", "BackendReference", "BackendOneDNN"],
      resources: [.copy("Fixtures")]),
    .testTarget(
      name: "LabZooTests", dependencies: ["LabCore", "LabGraph", "LabNN", "LabZoo", "BackendReference", "LabTesting"],
      resources: [.copy("Fixtures")]),
    .testTarget(
      name: "LabONNXTests",
      dependencies: [
        "LabCore", "LabGraph", "LabNN", "LabZoo", "LabONNX", "BackendReference", "LabTesting",
      ],
      resources: [.copy("Fixtures")]),
    .testTarget(
      name: "LabDataTests", dependencies: ["LabCore", "LabData", "LabFuzzing", "CZlib"], resources: [.copy("Fixtures")]),
    .testTarget(
      name: "LabTrainTests",
      dependencies: [
        "LabData", "LabGraph", "LabNN", "LabCore", "LabRecords", "LabTrain", "LabZoo", "BackendOneDNN",
        "BackendReference",
      ]),
    .testTarget(
      name: "LabRecordsTests", dependencies: ["LabCore", "LabRecords", "LabStats", "LabTesting"],
      resources: [.copy("Fixtures")]),
    .testTarget(
      name: "LabStudyTests", dependencies: ["LabCore", "LabRecords", "LabStudy", "LabFuzzing"],
      exclude: ["Fixtures"]),
    .testTarget(
      name: "LabSchedulerTests", dependencies: ["LabCore", "LabRecords", "LabScheduler", "LabTesting"],
      exclude: ["Fixtures"]),
    .executableTarget(
      name: "StoreCrasher", dependencies: ["LabCore", "LabRecords", "LabStore", "LabTesting"],
      path: "Tests/Helpers/StoreCrasher"),
    .testTarget(
      name: "LabStoreTests",
      dependencies: [
        "LabCore", "LabRecords", "LabStore", "LabTesting", "LabFuzzing", "StoreCrasher",
        .product(name: "GRDB", package: "GRDB.swift"),
      ],
      resources: [.copy("Fixtures")]),
    .testTarget(
      name: "LabReportTests", dependencies: ["LabCore", "LabRecords", "LabReport", "LabStats"],
      resources: [.copy("Fixtures")]),
    .testTarget(
      name: "LabWorkbenchTests",
      dependencies: [
        "LabCore", "LabData", "LabNN", "LabRecords", "LabScheduler", "LabStore", "LabStudy", "LabTesting", "LabTrain",
        "LabWorkbench", "LabZoo",
      ]),
    .testTarget(
      name: "LabExchangeTests",
      dependencies: ["LabCore", "LabStats", "LabRecords", "LabStore", "LabReport", "LabExchange", "LabTesting"],
      resources: [.copy("Fixtures")]),
    .testTarget(
      name: "LabServeTests",
      dependencies: [
        "LabCore", "LabRecords", "LabReport", "LabServe", "LabStats", "LabStore", "LabTesting", "LabWorkbench", "CZlib",
        .product(name: "FlyingSocks", package: "FlyingFox"),
      ],
      exclude: ["Fixtures"]),
    .testTarget(
      name: "CommandLineTests",
      dependencies: [
        "labrun", "LabCore", "LabData", "LabRecords", "LabStore", "LabStudy", "LabTesting", "LabWorkbench",
      ],
      exclude: ["Fixtures"]),
  ],
  swiftLanguageModes: [.v6]
)
