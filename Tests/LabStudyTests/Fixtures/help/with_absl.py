from absl import app, flags

flags.DEFINE_integer("epochs", 20, "Number of epochs.", lower_bound=1)
flags.DEFINE_float("lr", 0.1, "Rate.")
flags.DEFINE_bool("amp", False, "Mixed precision.")
flags.DEFINE_bool("aug", True, "Augmentation.")
flags.DEFINE_enum("model", "resnet", ["resnet", "vit"], "Which network.")
flags.DEFINE_string("data", None, "Folder.", required=True)
flags.DEFINE_string("tag", None, "Tag.")
flags.DEFINE_list("layers", ["a", "b"], "Layers.")


def main(arguments):
    pass


app.run(main)
