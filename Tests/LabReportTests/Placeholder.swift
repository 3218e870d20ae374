import LabReport
import Testing
