import Foundation
import LabReport
import Testing

/// Figures as files.
@Suite struct FigureFormatTests {
  private static let isInstalled = ["/usr/bin", "/usr/local/bin", "/opt/homebrew/bin"].contains {
    FileManager.default.isExecutableFile(atPath: "\($0)/rsvg-convert")
  }

  private var figure: any Figure {
    get throws { try Figures.named("forest").figure(of: FigureSamples.make(variants: 4)) }
  }

  @Test(.enabled(if: isInstalled, "rsvg-convert is not installed")) func picturesAreConverted() throws {
    let figure = try figure
    let png = try FigureFormats.named("png").render(figure, kind: "forest", options: .init(width: 400))
    #expect(png.starts(with: [0x89, 0x50, 0x4e, 0x47]))
    // The width in the header: two pixels for one.
    #expect(png[16..<20].reduce(0) { $0 << 8 | Int($1) } == 800)
    let pdf = try FigureFormats.named("pdf").render(figure, kind: "forest", options: .init())
    #expect(pdf.starts(with: Data("%PDF".utf8)))
  }

  @Test func aMissingConverterIsNamedWithItsRemedy() throws {
    let error = #expect(throws: FigureError.self) {
      _ = try FigureConverter(program: "labrun-has-no-such-program", remedy: "make it").convert(
        Data(), to: "png", arguments: [])
    }
    #expect(
      error?.description
        == "a figure becomes png by labrun-has-no-such-program, which is not installed; make it")
  }

  @Test func aConverterThatDoesNotEndIsEnded() throws {
    let start = ContinuousClock.now
    let error = #expect(throws: FigureError.self) {
      _ = try FigureConverter(program: "tail", remedy: "", patience: 0.2).convert(
        Data(), to: "png", arguments: ["-f", "/dev/null"], namesFiles: false)
    }
    #expect(error?.description == "tail made no png of the figure: it did not end within 0.20 s")
    #expect(ContinuousClock.now - start < .seconds(20))
  }

  @Test func aConverterThatFailsIsQuoted() throws {
    let error = #expect(throws: FigureError.self) {
      _ = try FigureConverter(program: "ls", remedy: "").convert(
        Data(), to: "png", arguments: ["/no/such/folder"], namesFiles: false)
    }
    let text = try #require(error?.description)
    #expect(text.hasPrefix("ls made no png of the figure: it ended with status") && text.contains("ls: "), "\(text)")
  }

  /// Writes all kinds with few and many variants into a folder, to be looked at: `LABRUN_FIGURES=DIR swift test`.
  @Test(.enabled(if: ProcessInfo.processInfo.environment["LABRUN_FIGURES"] != nil)) func samplesAreWritten() throws {
    let folder = URL(fileURLWithPath: ProcessInfo.processInfo.environment["LABRUN_FIGURES"] ?? "")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    for kind in Figures.registry.entries {
      for sample in FigureSamples.all {
        let figure = try kind.figure(of: sample.data)
        for format in FigureFormats.registry.entries where format.name == "svg" || format.name == "json" {
          for (width, theme) in [(400.0, FigureTheme.light), (760, .automatic), (1000, .dark)] {
            let data = try format.render(figure, kind: kind.name, options: .init(width: width, theme: theme))
            let name = "\(kind.name)-\(sample.name)-\(Int(width)).\(format.name)"
            try data.write(to: folder.appendingPathComponent(name))
            #expect(!data.isEmpty)
          }
        }
      }
    }
  }
}
