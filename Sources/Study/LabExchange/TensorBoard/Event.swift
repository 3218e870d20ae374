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
    let event = ProtobufMessage { event in
      event.add(1, time)
      event.add(2, step)
      if case .fileVersion = content { return event.add(3, "brain.Event:2") }
      if case .restart = content { return event.add(7) { $0.add(1, 1) } }
      event.add(5) { summary in summary.add(1) { value(content, &$0) } }
    }
    return RecordFile.framed(event.data)
  }

  private static func value(_ content: Content, _ value: inout ProtobufMessage) {
    switch content {
    case .fileVersion, .restart: break
    case .scalar(let tag, let number):
      value.add(1, tag)
      value.add(2, Float(number))
    case .image(let tag, let png, let width, let height):
      value.add(1, tag)
      value.add(4) { image in
        image.add(1, height)
        image.add(2, width)
        image.add(3, 3)
        image.add(4, png)
      }
    case .plugin(let tag, let name, let content):
      value.add(1, tag)
      value.add(9) { metadata in
        metadata.add(1) { plugin in
          plugin.add(1, name)
          plugin.add(2, content)
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
        start.add(1) { entry in
          entry.add(1, name)
          entry.add(2) { Self.value(value, &$0) }
        }
      }
      start.add(4, group)
      start.add(5, time)
    }
  }

  /// How a run ended.
  static func end(isSuccess: Bool, time: Double) -> Event.Content {
    content("_hparams_/session_end_info", field: 4) { end in
      end.add(1, isSuccess ? 1 : 2)
      end.add(2, time)
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
      experiment.add(3, time)
      experiment.add(6, name)
      for factor in factors {
        experiment.add(4) { info in
          info.add(1, factor.name)
          info.add(4, 1)
          info.add(5) { list in
            for level in factor.levels { list.add(1) { Self.value(.string(level), &$0) } }
          }
        }
      }
      for metric in metrics {
        experiment.add(5) { info in
          info.add(1) { $0.add(2, metric.tag) }
          info.add(3, metric.title)
        }
      }
    }
  }

  private static func content(
    _ tag: String, field: Int, _ message: (inout ProtobufMessage) -> Void
  ) -> Event.Content {
    .plugin(tag: tag, name: plugin, content: ProtobufMessage { $0.add(field, message) }.data)
  }

  /// A `google.protobuf.Value`.
  private static func value(_ value: JSONValue, _ writer: inout ProtobufMessage) {
    switch value {
    case .integer(let number): writer.add(2, Double(number))
    case .number(let number): writer.add(2, number)
    case .string(let text): writer.add(3, text)
    // A false one has to be written all the same, since it is one of several that a value may be.
    case .boolean(let flag): writer.add(3, flag ? "true" : "false")
    default: writer.add(3, value.canonicalText)
    }
  }
}
