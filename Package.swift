// swift-tools-version: 6.0
import PackageDescription

// The order of the targets is the order of the layers: a target may name only those above it here.
// `--explicit-target-dependency-import-check error`, which every script of ours passes, makes the
// compiler hold it, so the front end has no way to data that does not pass the authorization layer.
let package = Package(
  name: "ccs-jobstore",
  products: [.executable(name: "ccs-jobstore", targets: ["ccs-jobstore"])],
  targets: [
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

    .target(name: "JSON"),
    .target(name: "Domain", dependencies: ["JSON"]),
    .target(name: "Observability", dependencies: ["JSON", "Domain"]),
    .target(name: "EventLoop", dependencies: ["CEpoll"]),
    .target(name: "Postgres", dependencies: ["EventLoop", "CLibPQ"]),
    .target(name: "Repository", dependencies: ["Domain", "Postgres", "EventLoop"]),
    .target(name: "Background", dependencies: ["Domain", "Observability", "Repository"]),
    .target(
      name: "Authorization",
      dependencies: ["JSON", "Domain", "Observability", "Repository", "COpenSSL"]),
    .target(
      name: "HTTPServer",
      dependencies: ["EventLoop", "Observability", "CMicroHTTPD", "CGnuTLS", "COpenSSL"],
      path: "Sources/FrontEnd/HTTPServer"),
    .target(
      name: "API",
      dependencies: ["JSON", "Domain", "Authorization", "HTTPServer"],
      path: "Sources/FrontEnd/API",
      exclude: ["OpenAPI/parts"]),
    .target(name: "Administration", dependencies: ["JSON", "Domain", "Authorization", "Repository"]),
    .executableTarget(
      name: "ccs-jobstore",
      dependencies: [
        "JSON", "Domain", "Observability", "EventLoop", "Postgres", "Repository", "Background",
        "Authorization", "HTTPServer", "API", "Administration",
      ]),

    .target(name: "TestRandom", path: "Tests/TestRandom"),
    .testTarget(name: "JSONTests", dependencies: ["JSON", "TestRandom"]),
    .testTarget(name: "DomainTests", dependencies: ["Domain", "JSON", "TestRandom"]),
    .testTarget(name: "ObservabilityTests", dependencies: ["Observability", "JSON"]),
    .target(name: "TestDatabase", path: "Tests/TestDatabase"),
    .testTarget(name: "EventLoopTests", dependencies: ["EventLoop"]),
    .testTarget(name: "PostgresTests", dependencies: ["Postgres", "EventLoop", "TestDatabase"]),
    .testTarget(
      name: "RepositoryTests",
      dependencies: ["Repository", "Postgres", "EventLoop", "Domain", "TestDatabase"]),
    .testTarget(name: "BackgroundTests", dependencies: ["Background", "Observability", "Repository"]),
    .testTarget(
      name: "AuthorizationTests",
      dependencies: [
        "Authorization", "JSON", "Domain", "Observability", "Repository", "Postgres", "EventLoop",
        "TestDatabase",
      ]),
    .testTarget(name: "HTTPServerTests", dependencies: ["HTTPServer", "TestRandom"]),
    .testTarget(
      name: "APITests",
      dependencies: [
        "API", "HTTPServer", "JSON", "Domain", "Authorization", "Observability", "Repository", "Postgres",
        "EventLoop", "TestRandom",
      ]),
    .testTarget(name: "ConfigurationTests", dependencies: ["ccs-jobstore"]),
    .testTarget(
      name: "CommandTests", dependencies: ["ccs-jobstore", "Administration", "JSON", "Domain", "Repository"]),
  ],
  swiftLanguageModes: [.v6]
)
