/// A program's memory as what runs once a step sees it, when all samples of a segment are done.
package final class StepMemory {
  /// The workers, whose accumulators are combined.
  let workers: [Worker]

  init(workers: [Worker]) { self.workers = workers }

  /// A tensor that is not local to a chunk.
  package func pointer(_ slot: SlotID) -> UnsafeMutablePointer<Float> { workers[0].whole(slot) }

  /// An integer tensor.
  func integers(_ slot: SlotID) -> UnsafeMutablePointer<Int32> {
    UnsafeMutableRawPointer(pointer(slot)).assumingMemoryBound(to: Int32.self)
  }

  /// Zeroes the padding of a vector of channels.
  func clearTail(of slot: SlotID, from count: Int, to paddedCount: Int) {
    for i in count..<paddedCount { pointer(slot)[i] = 0 }
  }

  /// Memory for the duration of the call.
  var scratch: UnsafeMutableRawPointer { workers[0].scratch }

  /// Adds the other workers' double sums to the first one's and returns those.
  func combineDoubles(at offset: Int, count: Int) -> UnsafeMutablePointer<Double> {
    let total = workers[0].accumulator(at: offset, as: Double.self)
    for worker in workers.dropFirst() {
      let part = worker.accumulator(at: offset, as: Double.self)
      for i in 0..<count { total[i] += part[i] }
    }
    return total
  }

  /// Rounds the sums of all workers, once, to a result.
  func roundSums(at offset: Int, count: Int, to result: SlotID) {
    let total = combineDoubles(at: offset, count: count)
    let result = pointer(result)
    for index in 0..<count { result[index] = Float(total[index]) }
  }
}
