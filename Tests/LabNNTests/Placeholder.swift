import LabNN
import Testing
