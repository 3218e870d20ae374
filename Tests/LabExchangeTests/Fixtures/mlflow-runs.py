"""Writes mlflow-runs.csv: six runs as MLflow itself exports them.

usage: python3 mlflow-runs.py    (needs mlflow; written with mlflow 3)
"""
import os
import tempfile

import mlflow

accuracies = {"sgd": [0.81, 0.83, 0.82], "adam": [0.84, 0.85, 0.83]}
with tempfile.TemporaryDirectory() as folder:
    mlflow.set_tracking_uri(f"sqlite:///{folder}/mlflow.db")
    mlflow.create_experiment("optimizers", artifact_location=folder)
    mlflow.set_experiment("optimizers")
    for optimizer, values in accuracies.items():
        for seed, value in enumerate(values):
            with mlflow.start_run(run_name=f"{optimizer}-{seed}"):
                mlflow.log_params({"optimizer": optimizer, "seed": seed, "epochs": 3})
                mlflow.log_metric("test_acc", value)
                mlflow.log_metric("val_loss", 1 - value)
                mlflow.log_metric("wer", 100 * (1 - value))
    table = mlflow.search_runs(order_by=["attributes.start_time ASC"])
    table["artifact_uri"] = "artifacts"
    table = table[[name for name in table.columns if not name.startswith("tags.mlflow.source")]]
    table["tags.mlflow.user"] = "user"
    table.to_csv(os.path.join(os.path.dirname(os.path.abspath(__file__)), "mlflow-runs.csv"), index=False)
