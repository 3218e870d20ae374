import Foundation
import LabWorkbench
import Synchronization

/// What models have said of images that somebody has sent, with the images, as long as there is room.
package final class KeptAnswers: Sendable {
  /// A run that was asked.
  struct Asked: Sendable {
    /// The first digits of its identity.
    var name: String
    /// Its variant and seed.
    var title: String
    var answer: ModelAnswer
  }

  /// An answer.
  struct Answer: Sendable {
    /// What it is asked for by, which nobody guesses.
    let id = Access.randomToken()
    var images: SentImages
    var runs: [Asked]
    /// Whether one run was asked by its own page.
    var isOfOneRun: Bool

    /// The bytes that it takes.
    fileprivate var byteCount: Int {
      images.byteCount
        + runs.reduce(0) { total, run in
          total + run.answer.images.reduce(0) { $0 + ($1?.seen.count ?? 0) + ($1?.overlay?.count ?? 0) }
        }
    }
  }

  /// The most answers, and the most bytes of them together.
  private static let countLimit = 20
  private static let byteLimit = 128 << 20
  private let kept = Mutex<[Answer]>([])

  /// Keeps an answer, in the place of the oldest ones where there is no room.
  func keep(_ answer: Answer) {
    kept.withLock { kept in
      kept.append(answer)
      while kept.count > 1,
        kept.count > KeptAnswers.countLimit || kept.reduce(0, { $0 + $1.byteCount }) > KeptAnswers.byteLimit
      {
        kept.removeFirst()
      }
    }
  }

  /// The answer that is asked for.
  ///
  /// - Throws: ``RequestProblem`` where it is not kept any more.
  func answer(_ id: String) throws(RequestProblem) -> Answer {
    guard let answer = kept.withLock({ $0.first { Access.areEqual(id, $0.id) } }) else {
      throw RequestProblem(
        status: 404, description: "this answer is not kept any more, as others have come since: send the images again")
    }
    return answer
  }
}
