/// The learning rate's schedule is cut off by the end of the training, or by early stopping.
///
/// Thresholds: those of whoever knows the schedule, `LabTrain.TrainingConfiguration`.
struct ScheduleLength: HealthCheck {
  let kind = "schedule"
  let title = "learning-rate schedule"

  func note(on course: RunCourse) -> HealthNote? { course.schedule.map { found($0) } }
}
