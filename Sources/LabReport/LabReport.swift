import LabStudy
