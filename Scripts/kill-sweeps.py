#!/usr/bin/env python3
"""Kills sweeps at random instants, goes on with them, and compares what they store with an undisturbed sweep.

    Scripts/kill-sweeps.py --kills 200                       the executors of this machine, and a program, by turns
    Scripts/kill-sweeps.py --executor process --seed 7       one of them, other instants

Executors are thread, process, command (a program of one's own) and slurm, which needs SLURM_CONF of a cluster (slurm-cluster.sh).
Each kill -9 hits the sweep, what it has started, or both; on a cluster also a task, or the controller, which is started again.
After each the same command goes on; when the sweep is complete, everything deterministic that it stored must be what the undisturbed
one stored, `labrun doctor --check` must find nothing, and no process may be left.
"""

import argparse
import json
import os
import pathlib
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time

ENGINE = {
    "name": "killed",
    "dataset": {"name": "synthetic-signs", "train_count": 430, "test_count": 86, "image_size": 16},
    "model": {"architecture": "resnet", "depth": 8, "width": 16},
    "training": {"epochs": 6, "batch_size": 16, "learning_rate": 0.05, "augmentation": "crop-flip"},
    "factors": {"conv": ["static", "odconv-1x"]},
    "baseline": {"conv": "static"},
    "seeds": [0, 1],
    "execution": {"workers": 2, "checkpoint_every_seconds": 0.05, "retries": 100},
}

PROGRAM = {
    "name": "killed",
    "program": {
        "command": ["python3", "train.py", "{rate}"],
        "sources": ["train.py"],
        "metrics": {"test_accuracy": {"better": "higher"}},
    },
    "parameters": {"rate": 0.1},
    "factors": {"rate": [0.1, 0.2]},
    "baseline": {"rate": 0.1},
    "seeds": [0, 1],
    "execution": {"workers": 2, "retries": 100},
}

# Goes on from its own checkpoint; that the loss is a function of all steps before shows a step that was lost or made twice.
TRAIN = """
import json, os, pathlib, sys, time
rate, seed = float(sys.argv[1]), int(os.environ["LABRUN_SEED"])
checkpoint = pathlib.Path(os.environ["LABRUN_FOLDER"], "checkpoint")
checkpoint.parent.mkdir(parents=True, exist_ok=True)
state = json.loads(checkpoint.read_text()) if checkpoint.exists() else {"epoch": 0, "loss": 100.0 + seed}
for epoch in range(state["epoch"], 6):
    time.sleep(0.1)
    state = {"epoch": epoch + 1, "loss": state["loss"] * (1 - rate)}
    other = checkpoint.with_suffix(".new")
    other.write_text(json.dumps(state))
    print(json.dumps({"epoch": epoch + 1, "train_loss": state["loss"]}), flush=True)
    os.replace(other, checkpoint)
print(json.dumps({"test_accuracy": 1 / (1 + state["loss"])}), flush=True)
"""


# What is measured differs from one training to the next.
MEASURED = ("train_seconds", "evaluation_seconds", "images_per_second", "peak_memory_bytes")


def children(process):
    """The processes below one, its children's children too."""
    found = []
    for task in pathlib.Path(f"/proc/{process}/task").glob("*/children"):
        try:
            for child in task.read_text().split():
                found += [int(child), *children(int(child))]
        except OSError:
            pass
    return found


def kill(process):
    try:
        os.kill(process, signal.SIGKILL)
    except ProcessLookupError:
        pass


def stored(folder):
    """What is deterministic of all that a results folder has of its runs."""
    store = sqlite3.connect(f"file:{folder}/labrun.sqlite?mode=ro", uri=True)
    rows = {}
    for run, identity, state in store.execute("SELECT id, identity, state FROM run ORDER BY identity"):
        epochs = store.execute(
            "SELECT epoch, name, value FROM epoch_metric WHERE run_id = ? ORDER BY epoch, name", (run,)).fetchall()
        final = store.execute(
            "SELECT name, value FROM final_value JOIN metric ON metric.id = metric_id WHERE run_id = ? ORDER BY name",
            (run,)).fetchall()
        weights = store.execute("SELECT weights_hash FROM completion WHERE run_id = ?", (run,)).fetchall()
        rows[identity] = (
            state, [row for row in epochs if row[1] not in MEASURED], [row for row in final if row[0] not in MEASURED], weights)
    store.close()
    return rows


class Study:
    """A sweep in a folder of its own."""

    def __init__(self, labrun, executor, base):
        self.labrun, self.executor = labrun, executor
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix=f"{executor}-", dir=base))
        (self.folder / "Experiments").mkdir()
        spec = json.loads(json.dumps(PROGRAM if executor == "command" else ENGINE))
        if executor == "slurm":
            spec["execution"]["executor"] = {"name": "slurm", "poll_seconds": 0.2}
        elif executor != "command":
            spec["execution"]["executor"] = executor
        (self.folder / "Experiments/killed.json").write_text(json.dumps(spec, indent=2))
        (self.folder / "Experiments/train.py").write_text(TRAIN)
        self.begun = 0

    def start(self, *options):
        self.begun += 1
        self.log = open(self.folder / "log.txt", "ab")
        return subprocess.Popen(
            [self.labrun, "sweep", "killed", *options], cwd=self.folder, stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)

    def fail(self, sentence):
        print(f"{self.folder}: {sentence}", file=sys.stderr)
        print((self.folder / "log.txt").read_text()[-3000:], file=sys.stderr)
        sys.exit(1)

    def expect(self, reference):
        """Compares a complete sweep with an undisturbed one."""
        found = stored(self.folder / "Results")
        if found != reference:
            different = [name[:12] for name in reference if found.get(name) != reference[name]]
            self.fail(f"other results than an undisturbed sweep: {', '.join(different) or 'runs too many'}")
        examined = subprocess.run([self.labrun, "doctor", "--check"], cwd=self.folder, capture_output=True, text=True)
        if examined.returncode != 0:
            self.fail(f"doctor --check: {examined.stdout}{examined.stderr}")
        for name in ("capsules", "slurm"):
            left = list((self.folder / "Results" / name).glob("*"))
            if left:
                self.fail(f"left over: {left}")
        time.sleep(0.2)
        left = subprocess.run(["pgrep", "-af", str(self.folder)], capture_output=True, text=True).stdout
        if left:
            self.fail(f"processes are left: {left}")


def slurm(*words):
    return subprocess.run(words, capture_output=True, text=True).stdout


def running_tasks():
    return slurm("squeue", "--noheader", "--array", "--states=RUNNING", "--format=%F_%K").split()


def heal():
    """What an administrator does where a controller has lost its memory of jobs, and trusts neither machine nor jobs."""
    if slurm("sinfo", "--noheader", "--states=drain,down", "--format=%n").split():
        slurm("scontrol", "update", f"NodeName={slurm('hostname', '-s').strip()}", "State=RESUME")
    for line in slurm("squeue", "--noheader", "--array", "--states=PENDING", "--format=%F_%K %r").splitlines():
        job, reason = line.split(" ", 1)
        if "held" in reason.lower():
            slurm("scontrol", "release", job)
    # What has no process and takes a core away is in the controller's memory alone.
    alive = {line.split()[1] for line in slurm("scontrol", "listpids").splitlines()[1:]}
    running = slurm("squeue", "--noheader", "--array", "--states=RUNNING", "--format=%A %F_%K %M")
    for job, task, time_used in (line.split() for line in running.splitlines()):
        if job not in alive and time_used > "0:20":
            slurm("scancel", task)


def finish(study, process):
    """Waits for the end of a sweep, on a cluster that somebody looks after."""
    for _ in range(600):
        try:
            return process.wait(timeout=1)
        except subprocess.TimeoutExpired:
            if study.executor == "slurm":
                heal()
    study.fail("a sweep has not ended in ten minutes")


def hit(study, process, chance):
    """Kills something, and says what."""
    below = children(process.pid)
    kinds = ["sweep", "below", "both"]
    if study.executor == "slurm":
        kinds = ["sweep", "task", "controller"]
    kind = chance.choice(kinds)
    if kind in ("sweep", "both"):
        kill(process.pid)
    if kind in ("below", "both"):
        # One or all of them.
        for child in below if kind == "both" or chance.random() < 0.5 else below[:1]:
            kill(child)
    if kind == "task":
        tasks = running_tasks()
        if tasks:
            subprocess.run(["scancel", "--signal=KILL", "--batch", chance.choice(tasks)], capture_output=True)
    if kind == "controller":
        configuration = os.environ["SLURM_CONF"]
        kill(int((pathlib.Path(configuration).parent / "slurmctld.pid").read_text()))
        time.sleep(chance.uniform(0, 2))
        subprocess.run(["slurmctld", "-f", configuration], check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        while not slurm("sinfo", "--noheader", "--format=%t"):
            time.sleep(0.1)
        # Machines tell the new controller which jobs they have.
        slurm("scontrol", "reconfigure")
    return kind


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--labrun", default=".build/release/labrun", help="the program (%(default)s)")
    parser.add_argument("--executor", action="append", choices=["thread", "process", "command", "slurm"])
    parser.add_argument("--kills", type=int, default=200, help="how many in all (%(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="what instants are drawn from (%(default)s)")
    options = parser.parse_args()
    labrun = str(pathlib.Path(options.labrun).resolve())
    executors = options.executor or ["thread", "process", "command"]
    chance = random.Random(options.seed)
    base = tempfile.mkdtemp(prefix="labrun-kills-")
    references, seconds = {}, {}
    for executor in executors:
        study = Study(labrun, "command" if executor == "command" else "thread", base)
        begun = time.monotonic()
        if study.start().wait() != 0:
            study.fail("the undisturbed sweep fails")
        seconds[executor] = time.monotonic() - begun
        references[executor] = stored(study.folder / "Results")
    kills, sweeps, counts = 0, 0, {}
    while kills < options.kills:
        executor = executors[sweeps % len(executors)]
        study = Study(labrun, executor, base)
        # More than once a sweep, and at times after its end.
        for _ in range(100):
            process = study.start("--retry-failed")
            wait = chance.uniform(0, max(seconds[executor], 1) * (1.2 if executor != "slurm" else 1.5))
            try:
                process.wait(timeout=wait)
                break
            except subprocess.TimeoutExpired:
                kind = hit(study, process, chance)
                counts[executor, kind] = counts.get((executor, kind), 0) + 1
                kills += 1
                if kind in ("sweep", "both"):
                    process.wait()
                elif kind != "below" or chance.random() < 0.5:
                    finish(study, process)
                    break
                else:
                    kill(process.pid)
                    process.wait()
            if kills >= options.kills:
                break
        last = finish(study, study.start("--retry-failed"))
        if last != 0:
            study.fail(f"the last sweep ended with status {last}")
        study.expect(references[executor])
        shutil.rmtree(study.folder)
        sweeps += 1
        print(f"{kills} kills, {sweeps} sweeps, the last one of {study.begun} starts by {executor}", flush=True)
    shutil.rmtree(base)
    print("; ".join(f"{executor}, {kind}: {count}" for (executor, kind), count in sorted(counts.items())))
    print(f"{kills} kills in {sweeps} sweeps: nothing lost, nothing twice")


if __name__ == "__main__":
    main()
