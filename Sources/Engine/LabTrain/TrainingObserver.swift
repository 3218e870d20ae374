import LabCore
import LabRecords

/// What a training tells, and asks, while it runs; called on the thread that trains.
public protocol TrainingObserver: AnyObject {
  /// A step is complete.
  ///
  /// - Throws: what ends the training, such as a store that refuses.
  func didStep(_ progress: RunProgress) throws
  /// An epoch is complete and evaluated; the memory that it took is for the observer to add, who knows the process.
  ///
  /// - Throws: what ends the training, such as a store that refuses.
  func didFinishEpoch(_ record: EpochRecord) throws
  /// The weights of the best epoch so far, counted from 0, before that epoch is reported.
  ///
  /// - Throws: what ends the training, such as a store that refuses.
  func didImprove(_ weights: [NamedTensor], epoch: Int) throws
  /// A state to continue from.
  ///
  /// - Throws: what ends the training, such as a store that refuses.
  func didReachCheckpoint(_ checkpoint: Checkpoint) throws
  /// Whether, and how soon, training should stop; asked after every step.
  var stopRequest: StopRequest { get }
}
