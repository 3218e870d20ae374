import LabReport

/// The interface for programs, as a page.
enum InterfacePage {
  static let route = Route(kind: .page, path: "/api", summary: "The addresses for programs and for people") { _ in
    let content =
      [
        "<h1>Addresses</h1>",
        "<p class=\"lead\">Programs get in JSON what commands print with <code>--json</code>; errors are JSON with one sentence. "
          + "The same list as a document: <a href=\"\(OpenAPI.route.path)\">\(OpenAPI.route.path)</a></p>",
      ] + Frame.section("resources", "For programs", list(Routes.resources))
      + Frame.section("pages", "For people", list(Routes.pages))
    return .page(Frame.page(title: "Addresses", trail: [.init(title: "API", address: "/api")], content, isLive: false))
  }

  private static func list(_ routes: [Route]) -> [String] {
    ["<dl class=\"routes\">"]
      + routes.map { route in
        let address = Frame.escaped(route.path)
        let link =
          route.names.isEmpty ? "<a href=\"\(address)\"><code>\(address)</code></a>" : "<code>\(address)</code>"
        let parameters = route.parameters.map {
          "<li><code>\(Frame.escaped($0.name))</code> \(Frame.escaped($0.summary))\($0.isRepeated ? "; may be repeated" : "")</li>"
        }
        // What is only read needs no word.
        let methods = route.receive == nil ? "" : " <small>\(route.methods.joined(separator: ", "))</small>"
        let command = route.command.map { " · <code>\(Frame.escaped($0))</code>" } ?? ""
        return "<dt>\(link)\(methods)</dt><dd>\(Frame.escaped(route.summary))\(command)"
          + (parameters.isEmpty ? "" : "<ul>\(parameters.joined())</ul>") + "</dd>"
      } + ["</dl>"]
  }
}
