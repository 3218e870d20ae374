import LabData
