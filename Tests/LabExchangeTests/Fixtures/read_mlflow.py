"""Prints as JSON what MLflow's own client finds of the runs of an experiment.

usage: python3 read_mlflow.py ADDRESS EXPERIMENT
"""
import json
import math
import sys

from mlflow.tracking import MlflowClient

client = MlflowClient(sys.argv[1])
experiment = client.get_experiment_by_name(sys.argv[2])


def number(value):
    """JSON has no word for what is not finite."""
    return value if math.isfinite(value) else str(value)


runs = []
for run in client.search_runs([experiment.experiment_id]):
    names = run.data.metrics
    history = {name: client.get_metric_history(run.info.run_id, name) for name in names}
    runs.append(
        {
            "id": run.info.run_id,
            "name": run.info.run_name,
            "status": run.info.status,
            "tags": run.data.tags,
            "params": run.data.params,
            "metrics": {
                name: [[m.step, number(m.value)] for m in sorted(values, key=lambda m: m.step)]
                for name, values in history.items()
            },
            "files": sorted(file.path for file in client.list_artifacts(run.info.run_id)),
        })
json.dump(runs, sys.stdout)
