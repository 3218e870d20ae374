import LabStudy
import Testing
