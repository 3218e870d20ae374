import LabCore
import Testing
