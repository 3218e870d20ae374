import LabData
import Testing
