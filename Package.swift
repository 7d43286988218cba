// swift-tools-version: 6.0
import PackageDescription

// The order of the targets is that of the layers, top to bottom, and of the table in README.md: a target depends only
// on those below it (scripts/lib/check-layers), and imports only what it depends on
// (--explicit-target-dependency-import-check error). So the front end reaches no data except through Authorization.
let package = Package(
  name: "ccs-jobstore",
  products: [.executable(name: "ccs-jobstore", targets: ["ccs-jobstore"])],
  targets: [
    .executableTarget(
      name: "ccs-jobstore",
      dependencies: [
        "API", "HTTPServer", "Administration", "Authorization", "Background", "Repository", "Postgres",
        "EventLoop", "Observability", "Domain", "JSON", "CMalloc",
      ],
      // libmicrohttpd is to call this program's function (HTTPServer/Connections/ConnectionInput.swift).
      linkerSettings: [.unsafeFlags(["-Xlinker", "--export-dynamic-symbol=gnutls_record_recv"])]),
    .target(
      name: "API",
      dependencies: ["HTTPServer", "Authorization", "Domain", "JSON"],
      path: "Sources/FrontEnd/API",
      exclude: ["OpenAPI/parts"]),
    .target(
      name: "HTTPServer",
      dependencies: ["EventLoop", "Observability", "CMicroHTTPD", "CGnuTLS", "COpenSSL", "CSocket"],
      path: "Sources/FrontEnd/HTTPServer"),
    .target(
      name: "Administration", dependencies: ["Authorization", "Repository", "Domain", "JSON", "COpenSSL"]),
    .target(
      name: "Authorization",
      dependencies: ["Repository", "Observability", "Domain", "JSON", "COpenSSL"]),
    .target(name: "Background", dependencies: ["Repository", "Observability", "Domain"]),
    .target(name: "Repository", dependencies: ["Postgres", "EventLoop", "Domain"]),
    .target(name: "Postgres", dependencies: ["EventLoop", "CLibPQ"]),
    .target(name: "EventLoop", dependencies: ["CEpoll"]),
    .target(name: "Observability", dependencies: ["Domain", "JSON"]),
    .target(name: "Domain", dependencies: ["JSON"]),
    .target(name: "JSON"),

    .systemLibrary(name: "CEpoll", path: "Sources/System/CEpoll"),
    .systemLibrary(
      name: "CLibPQ", path: "Sources/System/CLibPQ", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),
    .systemLibrary(
      name: "CMicroHTTPD", path: "Sources/System/CMicroHTTPD", pkgConfig: "libmicrohttpd",
      providers: [.apt(["libmicrohttpd-dev"])]),
    .systemLibrary(
      name: "CGnuTLS", path: "Sources/System/CGnuTLS", pkgConfig: "gnutls",
      providers: [.apt(["libgnutls28-dev"])]),
    .systemLibrary(
      name: "COpenSSL", path: "Sources/System/COpenSSL", pkgConfig: "openssl",
      providers: [.apt(["libssl-dev"])]),
    .systemLibrary(name: "CMalloc", path: "Sources/System/CMalloc"),
    .systemLibrary(name: "CSocket", path: "Sources/System/CSocket"),

    .testTarget(
      name: "CommandTests", dependencies: ["ccs-jobstore", "Administration", "Repository", "Domain", "JSON"]),
    .testTarget(name: "ConfigurationTests", dependencies: ["ccs-jobstore"]),
    .testTarget(
      name: "APITests",
      dependencies: [
        "API", "HTTPServer", "Authorization", "Repository", "Postgres", "EventLoop", "Observability",
        "Domain", "JSON", "TestRandom",
      ]),
    .testTarget(name: "HTTPServerTests", dependencies: ["HTTPServer", "TestRandom"]),
    .testTarget(
      name: "AuthorizationTests",
      dependencies: [
        "Authorization", "Repository", "Postgres", "EventLoop", "Observability", "Domain", "JSON",
        "TestDatabase",
      ]),
    .testTarget(name: "BackgroundTests", dependencies: ["Background", "Repository", "Observability"]),
    .testTarget(
      name: "RepositoryTests",
      dependencies: ["Repository", "Postgres", "EventLoop", "Domain", "TestDatabase"]),
    .testTarget(name: "PostgresTests", dependencies: ["Postgres", "EventLoop", "TestDatabase"]),
    .testTarget(name: "EventLoopTests", dependencies: ["EventLoop"]),
    .testTarget(name: "ObservabilityTests", dependencies: ["Observability"]),
    .testTarget(name: "DomainTests", dependencies: ["Domain", "JSON", "TestRandom"]),
    .testTarget(name: "JSONTests", dependencies: ["JSON", "TestRandom"]),
    .target(name: "TestDatabase", path: "Tests/TestDatabase"),
    .target(name: "TestRandom", path: "Tests/TestRandom"),
  ],
  swiftLanguageModes: [.v6]
)
