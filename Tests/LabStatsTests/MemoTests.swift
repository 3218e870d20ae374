import LabCore
import LabStats
import Synchronization
import Testing

/// What is remembered of pure functions.
@Suite struct MemoTests {
  @Test func whatWasAskedForLastStays() {
    let memo = Memo<Int, Int>(limit: 4)
    let computed = Mutex<[Int]>([])
    func square(_ number: Int) -> Int {
      memo.value(number) {
        computed.withLock { $0.append(number) }
        return number * number
      }
    }
    #expect([1, 2, 3, 4, 1].map(square) == [1, 4, 9, 16, 1])
    #expect(computed.withLock { $0 } == [1, 2, 3, 4] && memo.count == 4)
    // A fifth takes the places of those that nobody has asked for.
    #expect(square(5) == 25 && memo.count <= 4)
    #expect([5, 1].map(square) == [25, 1])
    #expect(computed.withLock { $0 } == [1, 2, 3, 4, 5])
    #expect(square(2) == 4 && computed.withLock { $0.last } == 2)
    for number in 0..<1000 { #expect(square(number) == number * number && memo.count <= 4) }
  }

  @Test func manyThreadsAgree() {
    let memo = Memo<Int, Int>(limit: 8)
    let results = Parallel.results(of: Array(0..<2000), chunkSize: 16) { index in
      memo.value(index % 24) { (index % 24) * 3 }
    }
    #expect(results.enumerated().allSatisfy { index, result in (try? result.get()) == (index % 24) * 3 })
    #expect(memo.count <= 8)
  }

  /// Each quantile as it is when it is asked for first, and again after so many others that its table was made anew.
  @Test func quantilesHaveTheSameBitsWhateverWasAskedForBefore() {
    struct Question: Hashable {
      var loading: Double
      var count: Int
      var degrees: Double?
      var level: Double
      var alternative: Alternative
    }
    func answer(_ question: Question) -> Double {
      MultivariateT(
        loadings: (0..<question.count).map { [$0 == 0 ? question.loading / 2 : question.loading] },
        degreesOfFreedom: question.degrees, alternative: question.alternative
      ).criticalValue(level: question.level)
    }
    let first = Question(loading: 0.7, count: 3, degrees: 8, level: 0.95, alternative: .twoSided)
    var others = [Question](repeating: first, count: 5)
    others[0].loading = 0.6
    others[1].count = 4
    others[2].degrees = 9
    others[3].level = 0.9
    others[4].alternative = .greater
    let before = ([first] + others).map(answer)
    #expect(Set(before).count == before.count, "each part of a question matters")
    #expect(([first] + others).map(answer) == before)
    for index in 0..<140 {
      _ = answer(Question(loading: 0.1 + 0.001 * Double(index), count: 2, level: 0.95, alternative: .less))
    }
    #expect(([first] + others).map { answer($0).bitPattern } == before.map(\.bitPattern))
    let ranges = (2..<50).map { StudentizedRange(count: $0, degreesOfFreedom: 12).criticalValue(level: 0.95) }
    let again = (2..<50).map { StudentizedRange(count: $0, degreesOfFreedom: 12).criticalValue(level: 0.95) }
    #expect(ranges.map(\.bitPattern) == again.map(\.bitPattern) && ranges == ranges.sorted())
    #expect(StudentizedRange(count: 5, degreesOfFreedom: 11).criticalValue(level: 0.95) != ranges[3])
  }
}
