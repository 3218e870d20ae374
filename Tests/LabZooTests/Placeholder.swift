import LabZoo
import Testing
