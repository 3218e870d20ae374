import LabStats
import Testing
