import LabGraph
import Testing
