/// Deals runs to the tasks of as few arrays as do: all tasks of an array ask for the same.
struct SlurmPacking<Item> {
  /// What a run needs, as far as is known.
  struct Request: Sendable, Hashable {
    var megabytes: Int?
    var seconds: Double?
  }

  /// An array.
  struct Array {
    /// What each task trains, one after the other.
    var tasks: [[Item]]
    /// The memory of a task.
    var megabytes: Int?
    /// The time of a task.
    var minutes: Int?
    /// The most tasks that run at a time.
    var maxRunning: Int?
  }

  let arrays: [Array]

  /// What one task is to take, where a spec does not say how many runs it has.
  private static var secondsPerTask: Double { 600 }

  /// - Parameters:
  ///   - items: what is to be dealt, in its order.
  ///   - options: what is asked of Slurm.
  ///   - largestArray: the most tasks of an array.
  init(_ items: [(item: Item, request: Request)], options: SlurmOptions, largestArray: Int) {
    // Runs that need about as much go together; small ones would wait for the memory of large ones otherwise.
    let classes = Dictionary(grouping: items) { item -> Int in
      item.request.megabytes.map { Int.bitWidth - $0.leadingZeroBitCount } ?? -1
    }
    var arrays: [Array] = []
    for key in classes.keys.sorted() {
      let members = classes[key] ?? []
      let seconds = members.compactMap(\.request.seconds).max()
      let count = Self.runsPerTask(members.count, seconds: seconds, options)
      let tasks = stride(from: 0, to: members.count, by: count).map { start in
        members[start..<min(start + count, members.count)].map(\.item)
      }
      // A limit that is reached costs a start, one that is too long a place in the queue.
      let minutes = seconds.map { Int(($0 * Double(count) * 4 / 60).rounded(.up)) + 10 }
      for start in stride(from: 0, to: tasks.count, by: max(1, largestArray)) {
        arrays.append(
          Array(
            tasks: .init(tasks[start..<min(start + max(1, largestArray), tasks.count)]),
            megabytes: members.compactMap(\.request.megabytes).max(), minutes: minutes))
      }
    }
    // Each array has its own throttle, so that each gets a part of it.
    if let most = options.maxRunning {
      let total = arrays.reduce(0) { $0 + $1.tasks.count }
      for index in arrays.indices {
        arrays[index].maxRunning = max(1, most * arrays[index].tasks.count / max(1, total))
      }
    }
    self.arrays = arrays
  }

  private static func runsPerTask(_ runs: Int, seconds: Double?, _ options: SlurmOptions) -> Int {
    if let count = options.runsPerJob { return count }
    guard let seconds, seconds > 0 else { return 1 }
    let most = max(1, Int(secondsPerTask / seconds))
    // As many tasks as may run at a time are worth more than long ones.
    return min(most, max(1, runs / max(1, options.maxRunning ?? 16)))
  }
}
