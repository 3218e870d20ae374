import LabCommandLine

Labrun.main()
