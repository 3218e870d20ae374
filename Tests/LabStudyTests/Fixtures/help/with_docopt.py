"""Train.

Usage:
  with_docopt.py [options] <data>

Options:
  -h --help             Show this.
  -e N, --epochs=N      Number of epochs [default: 20].
  --lr=<rate>           Rate [default: 0.1].
  --amp                 Mixed precision.
"""
import docopt
docopt.docopt(__doc__)
