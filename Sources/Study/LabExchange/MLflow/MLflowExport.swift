import LabCore
import LabRecords

/// An experiment of an MLflow server: a run a variant, and below it a run a seed with its settings, curves and results.
///
/// Exporting again changes nothing that is there and whole.
struct MLflowExport: ExportFormat {
  let name = "mlflow"
  let summary = "an experiment of an MLflow server, whose address is the destination, with a run a variant and seed"

  func export(_ results: ExportedResults, to destination: String, options: ExportOptions) throws -> [String] {
    do { return try export(results, to: MLflowClient(MLflowAddress(destination))) } catch let silence
      as HTTPService.Silence
    {
      throw ExchangeError.service(silence.description)
    }
  }

  private func export(_ results: ExportedResults, to client: MLflowClient) throws -> [String] {
    let sweep = results.sweep
    var experiment = try MLflowExperiment(named: sweep.name, on: client)
    var counts: [MLflowExperiment.Change: Int] = [:]
    var without = 0
    for cell in sweep.cells {
      guard cell.run.state != .pending else {
        without += 1
        continue
      }
      let change = try experiment.update(
        cell, of: sweep, epochs: try results.epochs(cell.run.identity), final: try results.final(cell.run.identity))
      counts[change, default: 0] += 1
    }
    let continued = counts[.continued].map { ", \($0) continued" } ?? ""
    return [
      "\(client.address): experiment \(sweep.name), \(counts[.made] ?? 0) runs exported\(continued), "
        + "\(counts[.unchanged] ?? 0) there already"
    ] + (without == 0 ? [] : ["\(without) runs have not begun, and are left out."]) + experiment.remarks
  }
}

extension MLflowExperiment {
  /// What the server does not have, a sentence each.
  var remarks: [String] {
    (leavesFiles
      ? ["The server keeps no files for its clients, so that configurations and confusions are not there."] : [])
      + (cut.isEmpty
        ? [] : ["Longer than MLflow takes, and cut there: \(cut.sorted().joined(separator: ", "))."])
  }
}
