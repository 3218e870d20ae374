import enum

import typer


class Model(str, enum.Enum):
    resnet = "resnet"
    vit = "vit"


def main(
    data: str,
    model: Model = Model.resnet,
    epochs: int = typer.Option(20, "--epochs", "-e", help="Number of epochs"),
    lr: float = typer.Option(0.1, min=0, max=1),
    amp: bool = False,
    classes: int = typer.Option(..., help="How many"),
    seed: int = 0,
):
    pass


typer.run(main)
