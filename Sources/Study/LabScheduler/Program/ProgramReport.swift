import Foundation
import LabCore
import LabRecords

/// A line by which a program tells how it stands.
package enum ProgramReport: Sendable, Hashable {
  /// Metrics of an epoch, counted from 0.
  case epoch(Int, [String: Double])
  /// Metrics that the run ends with.
  case final([String: Double])
  /// A sentence for the log.
  case message(String)
  /// How far the run is.
  case progress(RunProgress)
  /// The file of the run's folder that has predictions.
  case predictions(path: String)
  /// A file of the run's folder that belongs to the result.
  case artifact(path: String, kind: String)

  /// Whether a name means something of its own in reports, so that no metric has it.
  package static func isReserved(_ name: String) -> Bool {
    ["epoch", "message", "progress", "artifact", "kind", "predictions"].contains(name)
  }

  /// A line that is no report.
  package struct Problem: Error, CustomStringConvertible {
    package let description: String
  }

  /// Reads a line.
  ///
  /// - Parameters:
  ///   - line: the line, without its end.
  ///   - firstEpoch: the number that the program gives its first epoch.
  /// - Throws: ``Problem`` with what is wrong, in one clause.
  package init(line: Data, firstEpoch: Int = 1) throws {
    guard let members = Self.members(of: line) else {
      throw Problem(description: "expected an object of JSON on one line")
    }
    if let message = members["message"] {
      guard let text = message.stringValue else { throw Problem(description: "\"message\": expected a string") }
      self = .message(text)
    } else if let progress = members["progress"] {
      self = .progress(try Self.progress(progress, firstEpoch: firstEpoch))
    } else if let artifact = members["artifact"] {
      guard let path = artifact.stringValue else { throw Problem(description: "\"artifact\": expected a path") }
      self = .artifact(path: path, kind: members["kind"]?.stringValue ?? "other")
    } else if let predictions = members["predictions"] {
      guard let path = predictions.stringValue else { throw Problem(description: "\"predictions\": expected a path") }
      self = .predictions(path: path)
    } else if let epoch = members["epoch"] {
      guard let number = epoch.doubleValue.flatMap(Int.init(exactly:)), number >= firstEpoch else {
        let hint = epoch.doubleValue == 0 ? "; that epochs are counted from 0 is said by program.first_epoch: 0" : ""
        throw Problem(
          description: "\"epoch\": expected a whole number from \(firstEpoch), found \(epoch.foundDescription)\(hint)")
      }
      self = .epoch(number - firstEpoch, try Self.metrics(members.filter { $0.key != "epoch" }))
    } else {
      self = .final(try Self.metrics(members))
    }
  }

  /// What a line says of the number of its epoch, be it a report or not; nil where it says nothing.
  package static func epoch(of line: Data) -> JSONValue? { members(of: line)?["epoch"] }

  private static func members(of line: Data) -> [String: JSONValue]? {
    guard let value = try? JSONDecoder().decode(JSONValue.self, from: line.withQuotedNonFiniteNumbers),
      case .object(let members) = value
    else { return nil }
    return members
  }

  private static func metrics(_ members: [String: JSONValue]) throws -> [String: Double] {
    var metrics: [String: Double] = [:]
    for (name, value) in members {
      guard MetricName.isReportable(name) else {
        throw Problem(description: "\"\(name)\": expected a metric's name of small letters, digits and _")
      }
      guard let number = number(value) else {
        throw Problem(description: "\"\(name)\": expected a number, found \(value.foundDescription)")
      }
      metrics[name] = number
    }
    guard !metrics.isEmpty else { throw Problem(description: "expected at least one metric") }
    return metrics
  }

  private static func number(_ value: JSONValue) -> Double? {
    value.doubleValue ?? ["inf": .infinity, "-inf": -.infinity, "nan": .nan][value.stringValue ?? ""]
  }

  private static func progress(_ value: JSONValue, firstEpoch: Int) throws -> RunProgress {
    guard let epoch = value["epoch"]?.doubleValue.flatMap(Int.init(exactly:)), epoch >= firstEpoch else {
      throw Problem(
        description: "\"progress\": expected an object with the number of an \"epoch\" from \(firstEpoch)")
    }
    return RunProgress(
      epoch: epoch - firstEpoch,
      epochs: value["epochs"]?.doubleValue.flatMap(Int.init(exactly:)) ?? epoch + 1 - firstEpoch,
      step: value["step"]?.doubleValue.flatMap(Int.init(exactly:)) ?? 0,
      stepsPerEpoch: value["steps"]?.doubleValue.flatMap(Int.init(exactly:)) ?? 1,
      loss: value["loss"].flatMap(number))
  }
}

/// A line with metrics that a program prints for people, as a spec describes it: `test acc: {test_accuracy}%`.
package struct ProgramPattern: Sendable {
  private let names: [String]
  private let expression: NSRegularExpression
  /// Whether the metric is followed by a percent sign, so that it is printed in hundredths.
  private let isPercent: [Bool]

  /// - Parameters:
  ///   - text: text with names of metrics in braces; white space stands for any of it.
  ///   - percentMetrics: the metrics that are printed in percent without saying so.
  package init(_ text: String, percentMetrics: [String] = []) throws {
    var names: [String] = []
    var isPercent: [Bool] = []
    var pattern = ""
    var rest = text[...]
    while !rest.isEmpty {
      if rest.first == "{", let end = rest.firstIndex(of: "}") {
        names.append(String(rest[rest.index(after: rest.startIndex)..<end]))
        rest = rest[rest.index(after: end)...]
        isPercent.append(percentMetrics.contains(names.last ?? "") || rest.drop { $0 == " " }.first == "%")
        pattern += #"([-+]?(?:nan|inf(?:inity)?|(?:\d[\d_]*\.?\d*|\.\d+)(?:[eE][-+]?\d+)?))"#
      } else if rest.first?.isWhitespace == true {
        pattern += #"\s+"#
        rest = rest.drop { $0.isWhitespace }
      } else {
        pattern += NSRegularExpression.escapedPattern(for: String(rest.removeFirst()))
      }
    }
    self.names = names
    self.isPercent = isPercent
    expression = try NSRegularExpression(pattern: pattern, options: .caseInsensitive)
  }

  /// The metrics that a line has; empty where it does not look like this.
  package func metrics(in line: String) -> [String: Double] {
    let whole = NSRange(line.startIndex..., in: line)
    guard let found = expression.firstMatch(in: line, range: whole) else { return [:] }
    var metrics: [String: Double] = [:]
    for (index, name) in names.enumerated() {
      guard let range = Range(found.range(at: index + 1), in: line),
        let value = Double(line[range].replacing("_", with: ""))
      else { continue }
      metrics[name] = isPercent[index] ? value / 100 : value
    }
    return metrics
  }
}

/// The lines of a file that grows, each once, when it has its end.
package struct GrowingFile {
  /// The longest line that is looked at.
  static let longestLineBytes = 1 << 20

  private let path: String
  private var handle: FileHandle?
  private var pending = Data()
  private var isSkipping = false
  /// The number of the last line, from 1.
  package private(set) var lineNumber = 0

  package init(_ path: String) { self.path = path }

  /// The lines that have come since the last time.
  ///
  /// - Parameter isWhole: whether nothing more comes, so that a last line without its end is one.
  package mutating func lines(isWhole: Bool = false) -> [(number: Int, line: Data)] {
    if handle == nil { handle = FileHandle(forReadingAtPath: path) }
    var found: [(number: Int, line: Data)] = []
    while let data = try? handle?.read(upToCount: 1 << 20), !data.isEmpty {
      pending.append(data)
      while let end = pending.firstIndex(of: UInt8(ascii: "\n")) {
        lineNumber += 1
        if !isSkipping { found.append((lineNumber, Data(pending[..<end]))) }
        isSkipping = false
        pending = Data(pending[(end + 1)...])
      }
      if pending.count > Self.longestLineBytes {
        isSkipping = true
        pending = Data()
      }
    }
    if isWhole, !pending.isEmpty, !isSkipping {
      lineNumber += 1
      found.append((lineNumber, pending))
      pending = Data()
    }
    return found
  }
}
