import Foundation
import Synchronization

/// How pages that are kept are sent: to a hundred browsers that follow one, with as few bytes as can be.
extension Window {
  /// A page as a browser is given it: what makes it of the one that the browser has, or the page itself; compressed where the
  /// browser understands that.
  ///
  /// - Parameters:
  ///   - response: the page.
  ///   - target: its address.
  ///   - request: says what the browser has, by its tag, and what it understands.
  func sent(_ response: Response, of target: String, to request: Request) -> Response {
    guard response.status == 200, let own = response.header("ETag") else { return response }
    let tag = request.headers["labrun-known"]
    let takesGzip = request.takesGzip
    guard tag != nil || takesGzip else { return response }
    if let tag, tag == own { return Window.patch(Data(), status: 304, of: response, known: tag) }
    let version = response.header("Labrun-Version")
    let kind = "\(tag ?? "") \(takesGzip)"
    func known() -> Response? {
      kept.withLock { kept in
        guard let entry = kept[target], entry.tag == own, entry.response.header("Labrun-Version") == version else {
          return nil
        }
        return entry.sent[kind]
      }
    }
    if let answer = known() { return answer }
    return sending.withLock {
      if let answer = known() { return answer }
      var answer = tag.map { patch(response, of: target, known: $0) } ?? response
      if takesGzip { answer = compressed(answer, of: target, known: answer.header("Labrun-Patch") ?? "") }
      kept.withLock { kept in
        guard kept[target]?.tag == own, kept[target]?.response.header("Labrun-Version") == version else { return }
        // Whoever makes tags up fills no memory.
        if kept[target]?.sent.count ?? 0 < 2 * (Window.previousLimit + 1) { kept[target]?.sent[kind] = answer }
      }
      return answer
    }
  }

  /// What is sent in place of a page to a browser that has had it.
  private static func patch(_ data: Data, status: Int = 200, of response: Response, known tag: String) -> Response {
    var answer = Response(status: status, type: "application/json", body: .data(data))
    // It must never be taken for the page itself.
    answer.headers += response.headers.filter { ["ETag", "Labrun-Version"].contains($0.name) }
    answer.headers += [("Cache-Control", "no-store"), ("Labrun-Patch", tag)]
    return answer
  }

  /// What makes a page of the one that a browser has, where that is known, and where it has not changed a lot.
  private func patch(_ response: Response, of target: String, known tag: String) -> Response {
    guard case .data(let body) = response.body, let own = response.header("ETag") else { return response }
    let known = kept.withLock { kept -> (patch: Data??, old: Data?) in
      guard let entry = kept[target], entry.tag == own else { return (nil, nil) }
      return (entry.patches[tag], entry.previous.first { $0.tag == tag }?.body)
    }
    if let patch = known.patch { return patch.map { Window.patch($0, of: response, known: tag) } ?? response }
    guard let old = known.old else { return response }
    let patch = PagePatch.data(from: old, to: body)
    kept.withLock { kept in
      if kept[target]?.tag == own { kept[target]?.patches[tag] = .some(patch) }
    }
    return patch.map { Window.patch($0, of: response, known: tag) } ?? response
  }

  /// The response, compressed once for all.
  ///
  /// - Parameter tag: the tag of the page that it is to be made of; empty for the page itself.
  private func compressed(_ response: Response, of target: String, known tag: String) -> Response {
    guard response.status == 200, case .data(let body) = response.body, body.count >= Compression.threshold,
      let own = response.header("ETag")
    else { return response }
    let known = kept.withLock { kept in kept[target].flatMap { $0.tag == own ? $0.compressed[tag] : nil } }
    guard let data = known ?? Compression.gzip(body) else { return response }
    if known == nil {
      kept.withLock { kept in
        if kept[target]?.tag == own { kept[target]?.compressed[tag] = data }
      }
    }
    var compressed = response
    compressed.body = .data(data)
    compressed.headers += [("Content-Encoding", "gzip"), ("Vary", "Accept-Encoding")]
    return compressed
  }
}
