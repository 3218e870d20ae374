import LabNN
