import LabGraph
