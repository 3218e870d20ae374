/// Everything that the server has, each with its line here.
package enum Routes {
  /// Pages and resources in the order of their list.
  package static let all: [Route] = pages + resources

  /// All of them with the parts of their addresses: every request looks for its own among these.
  static let addresses: [(route: Route, parts: [Route.Part])] = all.map { ($0, $0.parts) }

  /// The pages.
  package static let pages: [Route] = [
    SweepsPage.route, SweepPage.route, RunPage.route, RunFilePage.route, ComparePage.route, InterfacePage.route,
    PredictPage.route, PredictPage.runRoute, AnswerPage.route, AnswerPage.pictureRoute, AnswerPage.archiveRoute,
    ImagesPage.route, ImagesPage.pictureRoute, SweepImagesPage.route,
    DataListPage.route, DataPage.route, DataImagesPage.route, DataImagesPage.pictureRoute,
  ]

  /// The resources for programs.
  package static let resources: [Route] = [
    Resources.sweeps, Resources.sweep, Resources.table, Resources.analysis, Resources.runs, Resources.run,
    Resources.epochs, Resources.events, Resources.comparison, Resources.datasets, Resources.dataset,
    Resources.changes, Resources.predictions, OpenAPI.route,
  ]
}
