import ArgumentParser
import Dispatch
import Foundation
import LabRecords
import LabServe

/// The command `labrun serve`.
struct ServeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "serve", abstract: "Show sweeps and runs in a browser, live, and to programs as JSON.",
    usage: "labrun serve [--host <address> [--token <token>]] [options]",
    discussion: """
      Pages of sweeps and runs that follow what any process stores, also while it trains: tables as `labrun table` prints \
      them, verdicts, figures, running runs, failures, curves, logs. /predict asks trained models about images. /api lists what \
      programs can ask for. The server writes nothing, and no sweep waits for it. Ctrl-C ends it.

      It listens on this machine alone. With --host it listens on another of the machine's addresses, and asks whoever comes \
      for a token: that of --token, or else one that it makes and prints. What is sent is not encrypted: on a network that is \
      not your own, leave out --host and use a tunnel, such as ssh -L 8080:localhost:8080 MACHINE.

      EXAMPLES
        labrun serve                              # http://127.0.0.1:8080/
        labrun serve --open                       # and open a browser
        labrun serve --port 0                     # any free port
        labrun serve --host 0.0.0.0               # for other machines, with a token
        labrun serve --predict 3fa9               # ask one model, and nothing else
      """)

  @Option(help: ArgumentHelp("The port; 0 for any that is free.", valueName: "port"))
  var port = 8080

  @Option(
    help: ArgumentHelp("An address of this machine to listen on (default: this machine alone).", valueName: "address"))
  var host: String?

  @Option(
    help: ArgumentHelp(
      "What clients have to know (default: nothing here, with --host one is made).", valueName: "token"))
  var token: String?

  @Option(
    help: ArgumentHelp("Only the page that asks this run's model about images; others are not there.", valueName: "run")
  )
  var predict: String?

  @Flag(help: "Open the window in a browser.")
  var open = false

  @OptionGroup var resultsOptions: ResultsOptions

  func run() throws {
    var options = WindowServer.Options(results: resultsOptions.folder, host: host, port: port, token: token)
    options.onlyRun = predict
    try ServeCommand.serve(options, opens: open)
  }

  /// Serves until somebody ends it.
  ///
  /// - Parameters:
  ///   - options: what is shown, and to whom.
  ///   - opens: whether a browser is opened.
  static func serve(_ options: WindowServer.Options, opens: Bool) throws {
    let server = try WindowServer(options)
    let ended = DispatchSemaphore(value: 0)
    let interrupts = InterruptHandler(raising: StopSignal()) { _ in ended.signal() }
    server.start()
    let shown = options.onlyRun.map { "the model of run \($0)" } ?? options.results
    Terminal.standardOutput.note("\(shown) is shown at \(server.address) (Ctrl-C ends it)")
    if options.host != nil, options.token == nil, server.token != nil {
      Terminal.standardError.note(
        "the address has a token that was made for this start: whoever has it can read these results")
    }
    if opens { ServeCommand.openBrowser(server.address) }
    withExtendedLifetime(interrupts) { ended.wait() }
    server.stop()
  }

  /// Opens an address in the browser that the system has for it.
  private static func openBrowser(_ address: String) {
    #if os(macOS)
      let program = "open"
    #else
      let program = "xdg-open"
    #endif
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = [program, address]
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    process.terminationHandler = { process in
      guard process.terminationStatus != 0 else { return }
      Terminal.standardError.note("no browser was opened: \(program) ended with status \(process.terminationStatus)")
    }
    do {
      try process.run()
    } catch {
      Terminal.standardError.note("no browser was opened: \(error)")
    }
  }
}
