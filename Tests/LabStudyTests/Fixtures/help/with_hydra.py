import hydra


@hydra.main(version_base=None, config_path="hydra", config_name="config")
def main(config):
    pass


main()
