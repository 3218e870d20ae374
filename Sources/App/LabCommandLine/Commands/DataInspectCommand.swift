import ArgumentParser
import Foundation
import LabCore
import LabData
import LabReport
import LabWorkbench

/// The command `labrun data inspect`.
struct DataInspectCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "inspect",
    abstract: "Show what a data set consists of, and what is odd about it.",
    discussion: """
      Shows what became of every file, the number of images of each class, sizes, the mean and standard deviation of each
      channel, images that are there twice, also in training and test, damaged files, and unusual sizes. What is odd comes
      first, each finding with what to do about it; a sweep says the same before it trains.

      EXAMPLES
        labrun data inspect gtsrb --path GTSRB/
        labrun data inspect photos/ --svg photos.svg      # a folder with a folder a class
        labrun data inspect gtsrb_32.h5 --json
      """)

  @OptionGroup var source: DataSourceOptions

  @Option(help: ArgumentHelp("Draw counts and sizes into an SVG file.", valueName: "file"), completion: .file())
  var svg: String?

  @Option(help: ArgumentHelp("How many images of each kind are listed by name.", valueName: "count"))
  var list = 20

  @Flag(help: "Print JSON.") var json = false

  func run() throws {
    let say: DataProgress = { Terminal.standardError.note($0) }
    let catalog = try source.catalog(allowsNoTest: true, progress: say)
    let inspection = DatasetInspection(catalog, progress: say)
    let view = InspectionView(inspection, listed: max(0, list))
    if let svg { try AtomicFile.write(Data(view.figure.svg(.init(width: 900)).utf8), to: svg) }
    let output = Terminal.standardOutput
    if json { return output.write(view.json) }
    output.write(styled: view.text(width: output.width, style: output.style))
  }
}
