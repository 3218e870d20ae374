import LabRecords
import LabReport
import Testing

@Suite struct MetricDescriptionTests {
  @Test(arguments: [
    ("test_accuracy", "accuracy %", Metric.Direction.higherIsBetter),
    ("test_macro_f1", "macro F1 %", .higherIsBetter),
    ("validation_top5_accuracy", "validation top-5 accuracy %", .higherIsBetter),
    ("top_3_accuracy", "top-3 accuracy %", .higherIsBetter),
    ("train_loss", "train loss", .lowerIsBetter),
    ("test_log_loss", "log loss", .lowerIsBetter),
    ("train_seconds", "train time", .lowerIsBetter),
    ("test_auroc", "AUROC %", .higherIsBetter),
    ("validation_cohen_kappa", "validation Cohen's kappa", .higherIsBetter),
    ("test_ece", "calibration error %", .lowerIsBetter),
    ("learning_rate", "learning rate", .neutral),
    ("peak_memory_bytes", "peak memory", .lowerIsBetter),
    ("my_own_thing", "my own thing", .neutral),
    ("test_", "test ", .neutral),
    ("topography", "topography", .neutral),
  ])
  func metricsKnowTitleAndDirection(name: String, title: String, direction: Metric.Direction) {
    let metric = MetricDescription(named: name)
    #expect(metric.titleWithUnit == title)
    #expect(metric.direction == direction)
  }
}
