import Foundation
import LabCore

/// What TensorBoard reads of a run: the messages `Event` and `Summary` of TensorFlow.
enum Event {
  /// What a run or one of its metrics is about.
  enum Content {
    /// The first event of a file.
    case fileVersion
    /// What earlier files have from this step on does not count.
    case restart
    /// A number in single precision.
    case scalar(tag: String, value: Double)
    /// A picture as a PNG file.
    case image(tag: String, png: Data, width: Int, height: Int)
    /// What the plugin for hyperparameters takes; see ``HyperparameterEvents``.
    case plugin(tag: String, name: String, content: Data)
  }

  /// An event as a record of an event file.
  ///
  /// - Parameters:
  ///   - time: when it happened, in seconds since 1970.
  ///   - step: the epoch.
  static func record(_ content: Content, time: Double, step: Int) -> Data {
    let event = ProtobufWriter { event in
      event.double(1, time)
      event.integer(2, step)
      if case .fileVersion = content { return event.string(3, "brain.Event:2") }
      if case .restart = content { return event.message(7) { $0.integer(1, 1) } }
      event.message(5) { summary in summary.message(1) { value(content, &$0) } }
    }
    return RecordFile.framed(event.data)
  }

  private static func value(_ content: Content, _ value: inout ProtobufWriter) {
    switch content {
    case .fileVersion, .restart: break
    case .scalar(let tag, let number):
      value.string(1, tag)
      value.float(2, Float(number))
    case .image(let tag, let png, let width, let height):
      value.string(1, tag)
      value.message(4) { image in
        image.integer(1, height)
        image.integer(2, width)
        image.integer(3, 3)
        image.bytes(4, png)
      }
    case .plugin(let tag, let name, let content):
      value.string(1, tag)
      value.message(9) { metadata in
        metadata.message(1) { plugin in
          plugin.string(1, name)
          plugin.bytes(2, content)
        }
      }
    }
  }
}

/// What TensorBoard's plugin for hyperparameters reads.
enum HyperparameterEvents {
  private static let plugin = "hparams"

  /// The settings of a run.
  static func start(_ parameters: [(name: String, value: JSONValue)], group: String, time: Double) -> Event.Content {
    content("_hparams_/session_start_info", field: 3) { start in
      for (name, value) in parameters {
        start.message(1) { entry in
          entry.string(1, name)
          entry.message(2) { Self.value(value, &$0) }
        }
      }
      start.string(4, group)
      start.double(5, time)
    }
  }

  /// How a run ended.
  static func end(isSuccess: Bool, time: Double) -> Event.Content {
    content("_hparams_/session_end_info", field: 4) { end in
      end.integer(1, isSuccess ? 1 : 2)
      end.double(2, time)
    }
  }

  /// What a study varies, and what its runs end with.
  ///
  /// - Parameters:
  ///   - factors: the factors with their levels.
  ///   - metrics: the tags of final metrics with their titles.
  static func experiment(
    name: String, factors: [(name: String, levels: [String])], metrics: [(tag: String, title: String)], time: Double
  ) -> Event.Content {
    content("_hparams_/experiment", field: 2) { experiment in
      experiment.double(3, time)
      experiment.string(6, name)
      for factor in factors {
        experiment.message(4) { info in
          info.string(1, factor.name)
          info.integer(4, 1)
          info.message(5) { list in
            for level in factor.levels { list.message(1) { Self.value(.string(level), &$0) } }
          }
        }
      }
      for metric in metrics {
        experiment.message(5) { info in
          info.message(1) { $0.string(2, metric.tag) }
          info.string(3, metric.title)
        }
      }
    }
  }

  private static func content(
    _ tag: String, field: Int, _ message: (inout ProtobufWriter) -> Void
  ) -> Event.Content {
    .plugin(tag: tag, name: plugin, content: ProtobufWriter { $0.message(field, message) }.data)
  }

  /// A `google.protobuf.Value`.
  private static func value(_ value: JSONValue, _ writer: inout ProtobufWriter) {
    switch value {
    case .integer(let number): writer.double(2, Double(number))
    case .number(let number): writer.double(2, number)
    case .string(let text): writer.string(3, text)
    // A false one has to be written all the same, since it is one of several that a value may be.
    case .boolean(let flag): writer.string(3, flag ? "true" : "false")
    default: writer.string(3, value.canonicalText)
    }
  }
}
