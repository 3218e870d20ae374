import LabTrain
import Testing
