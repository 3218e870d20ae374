import click


@click.command()
@click.argument("data")
@click.option("--model", type=click.Choice(["resnet", "vit"]), default="resnet", show_default=True, help="Which network.")
@click.option(
    "-e", "--epochs", default=20, show_default=True,
    help="Number of epochs, which is so long a sentence that click goes on in the next line")
@click.option("--lr", default=0.1, help="Rate")
@click.option("--amp/--no-amp", default=False, show_default=True)
@click.option("--fast", is_flag=True, help="Fast")
@click.option("--drop", type=click.FloatRange(0, 1), default=0.5, show_default=True)
@click.option("--classes", type=int, required=True)
@click.option("--seed", default=0, show_default=True)
def main(**options):
    pass


main()
