import ArgumentParser
import Foundation
import LabCore
import LabRecords
import LabReport
import LabStore
import LabWorkbench

/// The command `labrun plot`.
struct PlotCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "plot", abstract: "Draw a figure of a sweep: differences, runs, courses, factors, classes.",
    usage: "labrun plot <kind> [<sweep>] [--output <file>] [options]",
    discussion: """
      Figures are SVG, readable in grey and for every kind of colour vision, light or dark as the reader has it. PDF and \
      PNG are made by rsvg-convert (Debian: librsvg2-bin); JSON is the data with a Vega-Lite specification.

      EXAMPLES
        labrun plot --list
        labrun plot forest ablation > forest.svg
        labrun plot pareto ablation --cost time --output pareto.pdf
        labrun plot interaction --factor conv --factor loss --output both.png
        labrun plot lesions ablation --variant odconv-4x > lesions.svg
      """)

  @Argument(help: "The kind of figure; --list shows them.")
  var kind: String?

  @Argument(help: "The sweep's number or name (default: the newest sweep).")
  var sweep: String?

  @Flag(help: "Show the kinds of figures, and stop.")
  var list = false

  @Option(help: ArgumentHelp("The metric (default: the one that the spec names, or test_accuracy).", valueName: "name"))
  var metric: String?

  @Option(
    help: ArgumentHelp(
      "What results are set against: multiply-adds (default), parameters, time, memory.", valueName: "cost"))
  var cost: PlotOptions.Cost?

  @Option(help: ArgumentHelp("A factor of an interaction; give two.", valueName: "factor"))
  var factor: [String] = []

  @Option(
    help: ArgumentHelp(
      "The variant whose confusions are compared with the baseline's, or whose lesions are shown.", valueName: "label"))
  var variant: String?

  @Option(
    help: ArgumentHelp(
      "\(FigureFormats.registry.names.joined(separator: ", ")) (default: by the output's name).", valueName: "format"))
  var format: String?

  @Option(help: ArgumentHelp("The file to write (default: print it).", valueName: "file"), completion: .file())
  var output: String?

  @Option(help: ArgumentHelp("automatic (default), light, dark.", valueName: "theme"))
  var theme: FigureTheme?

  @Option(help: ArgumentHelp("The width in pixels (default: 760).", valueName: "pixels"))
  var width: Double?

  @OptionGroup var resultsOptions: ResultsOptions

  func validate() throws {
    if kind == nil, !list { throw ValidationError("a kind of figure is missing; --list shows them.") }
    if kind != nil, list { throw ValidationError("--list shows all kinds of figures, and takes none.") }
    if let width, !FigureOptions.widths.contains(width) {
      let bounds = [FigureOptions.widths.lowerBound, FigureOptions.widths.upperBound].map { String(Int($0)) }
      throw ValidationError("--width must be from \(bounds[0]) to \(bounds[1]), but is \(width).")
    }
  }

  func run() throws {
    guard let kind, !list else { return Terminal.standardOutput.write(PlotCommand.kinds, showsLegend: false) }
    let figureKind = try Figures.named(kind)
    let figureFormat = try format.map(FigureFormats.named) ?? FigureFormats.ofFile(output ?? "")
    try checkOptions(of: figureKind, figureFormat)
    guard figureFormat.isText || output != nil else {
      throw CommandError(
        "\(figureFormat.name) is written into a file: give one with --output, such as --output \(kind).\(figureFormat.name)"
      )
    }
    let store = try StudyStore(reading: resultsOptions.folder)
    let found = try store.sweep(matching: sweep)
    let records = try SweepRecords(
      of: found, in: store, includesCalibration: figureKind.needs.contains(.reliability))
    let report = try SweepReport(found, records: records, options: .init(metric: metric))
    let figure = try report.figure(
      figureKind, options: .init(cost: cost ?? .multiplyAdds, factors: factor, variant: variant))
    let data = try figureFormat.render(
      figure, kind: figureKind.name, options: .init(width: width ?? 760, theme: theme ?? .automatic))
    if let output {
      try AtomicFile.write(data, to: output)
    } else {
      Terminal.standardOutput.write(String(decoding: data, as: UTF8.self))
    }
  }

  /// Refuses options that say nothing of the figure.
  private func checkOptions(of figure: FigureKind, _ format: any FigureFormat) throws {
    let given: [(option: String, isGiven: Bool, parts: [FigureData.Part])] = [
      ("--cost", cost != nil, [.costs]), ("--factor", !factor.isEmpty, [.levels]),
      ("--variant", variant != nil, [.confusion, .lesions]),
    ]
    for (option, isGiven, parts) in given where isGiven && !figure.needs.contains(where: parts.contains) {
      let kinds = Figures.registry.entries.filter { $0.needs.contains(where: parts.contains) }.map(\.name)
      throw CommandError("\(option) is of \(kinds.joined(separator: ", ")), and the figure is \(figure.name)")
    }
    if theme != nil || width != nil, !format.isPicture {
      throw CommandError("--theme and --width are of pictures, and \(format.name) is data")
    }
  }

  private static var kinds: ReportTable {
    ReportTable(
      kind: "figures", title: "Figures",
      columns: [.init("kind", fields: ["kind"]), .init("shows", fields: ["shows"], wraps: true)],
      rows: Figures.registry.entries.map { .init([.string($0.name), .string($0.summary)]) })
  }
}

extension PlotOptions.Cost: ExpressibleByArgument {}
extension FigureTheme: ExpressibleByArgument {}
