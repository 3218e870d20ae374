import argparse

parser = argparse.ArgumentParser(
    description="Trains a network.", formatter_class=argparse.ArgumentDefaultsHelpFormatter)
parser.add_argument("data", help="folder of the images")
parser.add_argument("--model", choices=["resnet", "vit"], default="resnet", help="which network")
parser.add_argument(
    "-e", "--epochs", type=int, default=20, metavar="N",
    help="number of epochs, which is so long a sentence that argparse goes on in the next line, even where the terminal is "
    "as wide as this one, of two hundred columns and not one less")
parser.add_argument("--lr", "--learning-rate", type=float, default=0.1)
parser.add_argument("--amp", action="store_true", help="mixed precision")
parser.add_argument("--no-aug", action="store_false", dest="aug", help="no augmentation")
parser.add_argument("--ema", action=argparse.BooleanOptionalAction, default=True, help="average")
parser.add_argument("--widths", type=int, nargs="+", default=[1, 2], help="widths")
parser.add_argument("--resume", default=None, help="checkpoint to resume")
parser.add_argument("--classes", type=int, required=True, help="number of classes")
parser.add_argument("-v", action="count", default=0, help="verbosity")
parser.add_argument("--tag", action="append", default=[], help="tags")
parser.add_argument("--random-seed", type=int, default=0, help="seed")
parser.add_argument("--output_dir", default="out", help="where results go")
parser.parse_args()
