/// An annealing, such as that of a temperature, is cut off by the end of the training or takes nearly all of it.
///
/// Thresholds: those of whoever knows the annealing, `LabNN.TemperatureAnnealing`.
struct AnnealingLength: HealthCheck {
  let kind = "annealing"
  let title = "annealing"

  func note(on course: RunCourse) -> HealthNote? { course.annealing.map { found($0) } }
}
