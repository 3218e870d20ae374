import Foundation
import LabCore
import Synchronization

/// The fastest method of each convolution as measured on this machine.
///
/// What was measured once is never measured again, by this process or, where a file keeps it, by a later one: equal
/// convolutions take equal methods, and equal runs have equal bits, for as long as the file lives.
public final class Calibration: Sendable {
  /// What a calibration has done since it was opened.
  public struct Activity: Sendable {
    /// Passes of convolutions that were measured.
    public var measuredCount = 0
    /// What that took.
    public var seconds = 0.0
    /// Why the file does not hold all that is known; nil where it does.
    public var problem: String?
  }

  private struct State {
    /// Nil until the first question.
    var methods: [String: ConvolutionMethod]?
    /// What the file does not have yet: it could not be written.
    var unsaved: [String: MeasuredMethod] = [:]
    var activity = Activity()
  }

  /// A method must be faster by this share than the one that rules choose: chance alone should not decide.
  private static let leastGain = 0.03

  /// The file; nil where nothing outlives the process.
  public var path: String? { file?.path }

  private let file: CalibrationFile?
  private let state = Mutex(State())

  /// Creates the calibration of a file, which need not exist and is read when it is needed, or an empty one.
  public init(path: String? = nil) { file = path.map { CalibrationFile(path: $0) } }

  /// What has been measured since the calibration was opened.
  public var activity: Activity { state.withLock { $0.activity } }

  /// The number of passes whose method is known.
  public var methodCount: Int { state.withLock { knownMethods(&$0).count } }

  /// The method of a pass, which is measured where nobody has done so.
  ///
  /// One pass is measured at a time, so that measurements of several threads do not disturb each other.
  ///
  /// - Parameters:
  ///   - pass: what identifies the pass on any machine.
  ///   - usual: the method where none is clearly faster.
  ///   - measure: the seconds that each method takes.
  func method(
    for pass: String, usual: ConvolutionMethod, measure: () throws -> [ConvolutionMethod: Double]
  ) throws -> ConvolutionMethod {
    try state.withLock { state in
      if let known = knownMethods(&state)[pass] { return known }
      let clock = ContinuousClock()
      let start = clock.now
      let seconds = try measure()
      var method = usual
      if let fastest = seconds.min(by: { ($0.value, $0.key.rawValue) < ($1.value, $1.key.rawValue) }),
        fastest.value < (1 - Calibration.leastGain) * (seconds[usual] ?? .infinity)
      {
        method = fastest.key
      }
      state.activity.measuredCount += 1
      state.activity.seconds += (clock.now - start).seconds
      return keep(MeasuredMethod(method, seconds: seconds), for: pass, in: &state)
    }
  }

  private func knownMethods(_ state: inout State) -> [String: ConvolutionMethod] {
    if let known = state.methods { return known }
    var methods: [String: ConvolutionMethod] = [:]
    do {
      methods = try file?.read()?.mapValues(\.method) ?? [:]
    } catch {
      state.activity.problem = "\(error)"
    }
    state.methods = methods
    return methods
  }

  /// Remembers a new method and writes it to the file; where another process was first, its method counts.
  private func keep(_ measured: MeasuredMethod, for pass: String, in state: inout State) -> ConvolutionMethod {
    guard let file else {
      state.methods?[pass] = measured.method
      return measured.method
    }
    state.unsaved[pass] = measured
    var kept = state.unsaved
    do {
      kept = try file.adding(state.unsaved)
      state.unsaved = [:]
      state.activity.problem = nil
    } catch {
      state.activity.problem = "\(error)"
    }
    state.methods?.merge(kept.mapValues(\.method)) { known, _ in known }
    return state.methods?[pass] ?? measured.method
  }
}
