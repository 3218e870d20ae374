import LabStore
import Testing
