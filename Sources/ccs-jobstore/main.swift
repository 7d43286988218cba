import FoundationEssentials
import Glibc

Signal.block()
let environment = ProcessInfo.processInfo.environment
let load: @Sendable () throws -> Configuration = {
  try Configuration.load(file: CommandLine.arguments.last, environment: environment)
}
let process = try ServerProcess(configuration: try load(), environment: environment, load: load)
exit(await process.run(signals: Signal.stream()).rawValue)
