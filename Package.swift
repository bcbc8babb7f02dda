// swift-tools-version: 6.2
import PackageDescription

// One place for the settings of every Swift target: language mode 6, and a warning is an error.
let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .treatAllWarnings(as: .error),
]

let httpTypes = Target.Dependency.product(name: "HTTPTypes", package: "swift-http-types")
let signals = Target.Dependency.product(name: "UnixSignals", package: "swift-service-lifecycle")
let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let hummingbird = Target.Dependency.product(name: "Hummingbird", package: "hummingbird")
let hummingbirdCore = Target.Dependency.product(name: "HummingbirdCore", package: "hummingbird")
let lifecycle = Target.Dependency.product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let arguments = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let nio: [Target.Dependency] = ["NIOCore", "NIOHTTP1", "NIOPosix", "NIOWebSocket"].map {
    .product(name: $0, package: "swift-nio")
}

func library(_ name: String, _ dependencies: [Target.Dependency], exclude: [String] = []) -> Target {
    .target(name: name, dependencies: dependencies, exclude: exclude, swiftSettings: strict)
}

func tests(of name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .testTarget(
        name: "\(name)Tests", dependencies: [.target(name: name), "TestSupport"] + dependencies, swiftSettings: strict)
}

let package = Package(
    name: "tollgate",
    products: [
        .library(name: "Tollgate", targets: ["Tollgate"]),
        .executable(name: "tollgate", targets: ["TollgateCommand"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    ],
    targets: [
        .systemLibrary(name: "CLMDB", pkgConfig: "lmdb", providers: [.apt(["liblmdb-dev"])]),
        .systemLibrary(name: "CPrefetch"),
        .target(name: "CSimdJSON", linkerSettings: [.linkedLibrary("simdjson")]),
        library("Basics", []),
        library("Model", ["Basics"], exclude: ["README.md"]),
        library("Entitlements", ["Basics", "Model"]),
        library("Rating", ["Model"]),
        library("EventScanner", ["CSimdJSON"]),
        library("LMDB", ["CLMDB"]),
        library("Store", ["Basics", "Model", "LMDB"], exclude: ["README.md"]),
        library("Metering", ["Basics", "CPrefetch", "Model", "Store"], exclude: ["README.md"]),
        library("Catalog", ["Basics", "Model", "Entitlements", "Store"], exclude: ["README.md"]),
        library(
            "Billing", ["Basics", "Catalog", "Entitlements", "Model", "Rating", "Store", crypto],
            exclude: ["README.md"]),
        library(
            "Tollgate",
            [
                "Basics", "Model", "Entitlements", "Rating", "EventScanner", "Store", "Metering", "Catalog",
                "Billing", crypto,
            ]),
        library(
            "API",
            [
                "Basics", "Entitlements", "EventScanner", "Model", "Store", "Tollgate", hummingbird, hummingbirdCore,
                lifecycle,
                logging, httpTypes,
            ] + nio),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        .executableTarget(
            name: "TollgateCommand",
            dependencies: ["API", "CZlib", "EventScanner", "Tollgate", arguments, lifecycle, logging, signals],
            swiftSettings: strict),
        .executableTarget(
            name: "tollgate-bench", dependencies: ["Tollgate", arguments] + nio, path: "benchmarks",
            exclude: ["README.md", "results"], swiftSettings: strict),
        // What tests of several modules need.
        .target(name: "TestSupport", path: "Tests/TestSupport", swiftSettings: strict),
        // The simulation: what Tollgate should do, written plainly; the engine beside it; and a command that runs it.
        .target(name: "Plain", path: "Tests/Plain", swiftSettings: strict),
        .target(
            name: "Simulation",
            dependencies: [
                "Basics", "Entitlements", "EventScanner", "Model", "Plain", "Store", "TestSupport", "Tollgate",
            ],
            path: "Tests/Simulation", exclude: ["README.md"], swiftSettings: strict),
        .executableTarget(
            name: "tollgate-simulate", dependencies: ["Simulation", arguments], path: "Tests/SimulateCommand",
            swiftSettings: strict),
        .testTarget(
            name: "SimulationTests", dependencies: ["Plain", "Simulation"], exclude: ["seeds.txt"],
            swiftSettings: strict),
        // Random decisions beside what the vendor's rules engine has to be asked: the acceptance tests compare.
        .executableTarget(
            name: "tollgate-oracle", dependencies: ["Basics", "Entitlements", "Model", "TestSupport", arguments],
            path: "Tests/OracleCommand", swiftSettings: strict),
        // What holds for any bytes at all. The fuzzer tries it, and its corpus is tried with the tests.
        .target(
            name: "Fuzz", dependencies: ["Basics", "Billing", "Catalog", "EventScanner", "Metering", "Model", "Store"],
            path: "Tests/Fuzz", exclude: ["README.md", "corpus"], swiftSettings: strict),
        .testTarget(name: "FuzzTests", dependencies: ["Fuzz"], swiftSettings: strict),
        tests(of: "Basics"),
        tests(of: "Model", ["Basics"]),
        tests(of: "Entitlements", ["Basics", "Model"]),
        tests(of: "Rating", ["Basics", "Model"]),
        tests(of: "EventScanner"),
        tests(of: "LMDB", ["Basics"]),
        tests(of: "Catalog", ["Basics", "Entitlements", "Model", "Store"]),
        tests(of: "Metering", ["Basics", "Model", "Store"]),
        tests(
            of: "Tollgate", ["Basics", "Billing", "Catalog", "Entitlements", "EventScanner", "LMDB", "Model", "Store"]),
        tests(
            of: "API",
            [
                "Basics", "Fuzz", "Model", "Tollgate", hummingbird, hummingbirdCore, httpTypes, logging, nio[0], nio[1],
                nio[3],
                .product(name: "NIOEmbedded", package: "swift-nio"),
                .product(name: "HummingbirdTesting", package: "hummingbird"),
            ]),
        .testTarget(
            name: "TollgateCommandTests", dependencies: ["CZlib", "Tollgate", "TollgateCommand"],
            swiftSettings: strict),
        .testTarget(
            name: "BenchmarkTests", dependencies: ["tollgate-bench", "TestSupport", arguments, nio[0]],
            swiftSettings: strict),
        .testTarget(name: "TidyTests", swiftSettings: strict),
    ],
    cxxLanguageStandard: .cxx17
)

// Only with `--sanitize=fuzzer` does this program have a `main`, so an ordinary build leaves it out: see `make fuzz`.
if Context.environment["TOLLGATE_FUZZER"] != nil {
    package.targets.append(
        .executableTarget(
            name: "tollgate-fuzz", dependencies: ["Fuzz"], path: "Tests/FuzzCommand", swiftSettings: strict))
}
