#!/usr/bin/env python3
"""Times `labrun serve` on a large store, over the loopback interface.

The store is made by `labrun import` of tables that this script writes: a sweep of 1,000 runs (50 variants, 20 seeds), one of
200 runs with 200 epochs each, one of 1,000 runs of which every twentieth is missing, and small ones until there are 10,000
runs in all. Metrics are random with fixed seeds. A server of the store is started as a user starts it, and asked:

- for pages that nobody has asked for before, of a server that was just started (first), then for the same pages after the
  store has changed (changed), and again without a change (known); medians of several rounds;
- for 60 seconds 200 times a second for pages and resources in turn, by clients that keep their connections, of a server that
  has been asked for each of them once. Latencies count from the instant at which a request was due, so that a server that
  falls behind shows;
- for its memory after all of that;
- with --follow, for the page of a sweep by many clients that follow it as browsers do, while the sweep is trained by a process
  beside: what that takes of the processor's time in the server, and how much is sent. Clients ask for what has changed, compressed,
  or, to compare, for whole pages as they are.

Everything is removed at the end, unless --folder says where the store shall stay, which is then used again.
"""

from __future__ import annotations

import argparse
import asyncio
import atexit
import csv
import http.client
import os
import random
import re
import signal
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import closing
from pathlib import Path

RUNS = 10_000
BARS = {
    "/": (100, None), "/sweeps/large": (300, 500), "/sweeps/curves": (1000, None),
}


def run_labrun(options: argparse.Namespace, folder: Path, *arguments: str) -> None:
    """Runs labrun in a folder, and ends with what it said where it failed."""
    finished = subprocess.run(
        [options.labrun, *arguments], cwd=folder, env=os.environ | {"NO_COLOR": "1"}, capture_output=True, text=True,
        check=False)
    if finished.returncode != 0:
        sys.exit(f"'labrun {' '.join(arguments)}' ended with exit code {finished.returncode}: {finished.stderr}")


def write_sweep(
    path: Path, variants: tuple[int, int], seeds: int, epochs: int = 0, share_missing: float = 0, number: int = 0,
) -> int:
    """Writes a table of runs of two factors, with a row an epoch where there are epochs, and returns the number of runs."""
    chance = random.Random(number)
    runs = 0
    with open(path, "w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(
            ["conv", "downsample", "seed", *(["epoch"] if epochs else []), "train_loss", "validation_loss",
             "validation_accuracy", "test_accuracy", "test_macro_f1"])
        for conv in range(variants[0]):
            for downsample in range(variants[1]):
                for seed in range(seeds):
                    if chance.random() < share_missing:
                        continue
                    runs += 1
                    effect = 0.003 * conv + 0.002 * downsample + chance.gauss(0, 0.006)
                    for epoch in range(1, max(1, epochs) + 1):
                        share = 1 - 0.97**epoch if epochs else 1
                        accuracy = 0.3 + 0.5 * share + effect + (chance.gauss(0, 0.004) if epochs else 0)
                        loss = 2.3 * (1.05 - share) + chance.random() * 0.02
                        rows.writerow(
                            [f"odconv-{conv}x", f"spd-{downsample}", seed, *([epoch] if epochs else []),
                             f"{loss:.5f}", f"{loss * 1.1:.5f}", f"{accuracy + 0.003:.5f}", f"{accuracy:.5f}",
                             f"{accuracy - 0.01:.5f}"])
    return runs


def make_store(options: argparse.Namespace, folder: Path) -> None:
    """Imports sweeps of RUNS runs together."""
    started = time.perf_counter()
    count = 0

    def add(name: str, *arguments, **named) -> None:
        nonlocal count
        count += write_sweep(folder / f"{name}.csv", *arguments, **named)
        run_labrun(options, folder, "import", f"{name}.csv", "--name", name)
        (folder / f"{name}.csv").unlink()

    add("holes", (10, 5), 20, share_missing=0.05, number=1)
    add("curves", (5, 4), 10, epochs=200, number=2)
    number = 3
    while RUNS - count > 1000:
        seeds = min(10, max(1, (RUNS - count - 1000) // 10))
        add(f"small-{number}", (5, 2), seeds, number=number)
        number += 1
        if RUNS - count - 1000 < 10:
            break
    add("large", (10, 5), 20, number=0)
    size = (folder / "Results" / "labrun.sqlite").stat().st_size
    print(f"{count:,} runs in {number} sweeps, {size / 2**20:.0f} MiB, imported in {time.perf_counter() - started:.0f} s")


class Server:
    """A server of the store in a folder."""

    def __init__(self, options: argparse.Namespace, folder: Path) -> None:
        self.results = folder / "Results"
        self.process = subprocess.Popen(
            [options.labrun, "serve", "--port", "0", "--results", str(self.results)], stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True)
        # Whatever goes wrong, no server is left behind.
        atexit.register(self.stop)
        heard = ""
        while not (found := re.search(r"http://127\.0\.0\.1:(\d+)/", heard)):
            line = self.process.stdout.readline()
            if not line:
                sys.exit(f"the server ended: {heard}")
            heard += line
        self.port = int(found[1])
        threading.Thread(target=self.process.stdout.read, daemon=True).start()

    def connect(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)

    def ask(self, target: str) -> tuple[float, int, str]:
        """Milliseconds, bytes and the version of the answer."""
        with closing(self.connect()) as connection:
            started = time.perf_counter()
            connection.request("GET", target)
            response = connection.getresponse()
            body = response.read()
            elapsed = 1000 * (time.perf_counter() - started)
        if response.status != 200:
            sys.exit(f"{target} answered {response.status}: {body[:300]!r}")
        return elapsed, len(body), response.getheader("Labrun-Version") or ""

    def ask_anew(self, target: str) -> float:
        """Changes the store, and gives the time of the first answer that knows of it, in milliseconds."""
        _, _, known = self.ask(target)
        with closing(sqlite3.connect(self.results / "labrun.sqlite")) as database:
            database.execute("UPDATE sweep SET name = name WHERE id = (SELECT MAX(id) FROM sweep)")
            database.commit()
        # A page that took long is shown for a while although something has changed.
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            elapsed, _, version = self.ask(target)
            if version != known:
                return elapsed
            time.sleep(0.05)
        sys.exit(f"{target} was not made anew within 30 s")

    def memory(self) -> dict[str, float]:
        """Its resident memory now and at most, in MB."""
        status = Path(f"/proc/{self.process.pid}/status").read_text(encoding="utf-8")
        return {key: int(re.search(rf"{key}:\s+(\d+)", status)[1]) * 1024 / 1e6 for key in ("VmRSS", "VmHWM")}

    def runs(self) -> list[str]:
        """The first digits of some runs' identities."""
        with closing(sqlite3.connect(self.results / "labrun.sqlite")) as database:
            rows = database.execute("SELECT identity FROM run ORDER BY id LIMIT 40").fetchall()
        return [(row[0].hex() if isinstance(row[0], bytes) else str(row[0]))[:12] for row in rows]

    def stop(self) -> None:
        atexit.unregister(self.stop)
        if self.process.poll() is not None:
            return
        self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()


def measure_pages(options: argparse.Namespace, folder: Path) -> None:
    """Prints a table of the times of pages."""
    targets = [
        "/", "/sweeps/large", "/sweeps/large?from=501", "/sweeps/curves", "/sweeps/holes", "/sweeps/small-3",
        "/api/v1/sweeps", "/api/v1/sweeps/large/table", "/api/v1/sweeps/large/runs",
    ]
    first: dict[str, list[float]] = {}
    sizes: dict[str, int] = {}
    for target in targets:
        for _ in range(options.rounds):
            server = Server(options, folder)
            elapsed, sizes[target], _ = server.ask(target)
            first.setdefault(target, []).append(elapsed)
            server.stop()
    server = Server(options, folder)
    targets.append(f"/runs/{server.runs()[-1]}")
    print("\n| address | kB | first ms | changed ms | known ms | wanted |\n| --- | ---: | ---: | ---: | ---: | --- |")
    for target in targets:
        if target not in first:
            elapsed, sizes[target], _ = server.ask(target)
            first[target] = [elapsed]
        changed = [server.ask_anew(target) for _ in range(options.rounds)]
        known = [server.ask(target)[0] for _ in range(20)]
        wanted = BARS.get(target, (None, None))
        words = ", ".join(
            text for value, text in ((wanted[0], f"{wanted[0]} ms"), (wanted[1], f"{wanted[1]} kB")) if value)
        print(
            f"| `{target}` | {sizes[target] / 1000:.0f} | {statistics.median(first[target]):.0f} | "
            f"{statistics.median(changed):.0f} | {statistics.median(known):.1f} | {words} |", flush=True)
    memory = server.memory()
    print(f"\nmemory after that: {memory['VmRSS']:.0f} MB, at most {memory['VmHWM']:.0f} MB (wanted: 200 MB)")
    server.stop()


def measure_load(options: argparse.Namespace, folder: Path) -> None:
    """Asks many times a second, and prints how long answers took."""
    server = Server(options, folder)
    targets = [
        "/", "/sweeps/large", "/sweeps/curves", "/sweeps/small-3", "/api/v1/sweeps", "/api/v1/sweeps/large/table",
        "/api/v1/changes",
    ] + [f"/runs/{run}" for run in server.runs()]
    for target in targets:
        server.ask(target)
    count = int(options.rate * options.seconds)
    latencies: list[float] = []
    problems: list[str] = []
    lock = threading.Lock()
    upcoming = iter(range(count))
    begin = time.perf_counter() + 0.5

    def client() -> None:
        connection = server.connect()
        while True:
            with lock:
                index = next(upcoming, None)
            if index is None:
                break
            due = begin + index / options.rate
            time.sleep(max(0.0, due - time.perf_counter()))
            target = targets[index % len(targets)]
            try:
                connection.request("GET", target)
                response = connection.getresponse()
                response.read()
                problem = None if response.status == 200 else f"{target}: {response.status}"
            except (OSError, http.client.HTTPException) as error:
                problem = f"{target}: {error!r}"
                connection.close()
                connection = server.connect()
            elapsed = 1000 * (time.perf_counter() - due)
            with lock:
                latencies.append(elapsed)
                if problem:
                    problems.append(problem)
        connection.close()

    clients = [threading.Thread(target=client) for _ in range(options.clients)]
    for one in clients:
        one.start()
    for one in clients:
        one.join()
    taken = time.perf_counter() - begin
    latencies.sort()
    at = lambda share: latencies[min(len(latencies) - 1, int(share * len(latencies)))]
    print(
        f"\n{count:,} requests of {len(targets)} addresses by {options.clients} clients in {taken:.1f} s "
        f"({count / taken:.0f} a second, {options.rate:g} wanted): {len(problems)} errors; "
        f"median {at(0.5):.1f} ms, p99 {at(0.99):.1f} ms (wanted: 250 ms), most {latencies[-1]:.0f} ms")
    for problem in problems[:5]:
        print(f"  {problem}")
    memory = server.memory()
    print(f"memory after that: {memory['VmRSS']:.0f} MB, at most {memory['VmHWM']:.0f} MB (wanted: 200 MB)")
    server.stop()


async def follow_page(port: int, target: str, asks_for_changes: bool, ends: asyncio.Event, received: list[int]) -> None:
    """Follows a page as a browser does: waits for a change, and asks for what it is then."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)

    async def ask(target: str, headers: str = "") -> tuple[int, dict[str, str], bytes]:
        writer.write(f"GET {target} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n{headers}\r\n".encode())
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        fields = {
            name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head.splitlines()[1:])}
        body = await reader.readexactly(int(fields.get("content-length", 0)))
        received.append(len(head) + len(body))
        return int(head.split()[1]), fields, body

    tag, version = "", ""
    while not ends.is_set():
        _, _, body = await ask("/api/v1/changes" + (f"?since={version}" if version else ""))
        now = re.search(rb"\d+", body)[0].decode()
        if now != version:
            headers = f"{'Labrun-Known' if asks_for_changes else 'If-None-Match'}: {tag}\r\n" if tag else ""
            status, fields, _ = await ask(target, headers + ("Accept-Encoding: gzip\r\n" if asks_for_changes else ""))
            if status not in (200, 304):
                sys.exit(f"{target} answered {status}")
            version, tag = fields.get("labrun-version", ""), fields.get("etag", "")
            await asyncio.sleep(0.7)
    writer.close()


def measure_followers(options: argparse.Namespace, folder: Path) -> None:
    """Prints what clients cost that follow the page of a sweep while it is trained."""
    spec = options.follow.resolve()
    for asks_for_changes in (False, True) * options.rounds:
        with tempfile.TemporaryDirectory(dir=folder) as place:
            # A sweep that has begun has a page.
            environment = os.environ | {"NO_COLOR": "1"}
            training = subprocess.Popen(
                [options.labrun, "sweep", str(spec), "--results", "Results"], cwd=place, env=environment,
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            while not (Path(place) / "Results" / "labrun.sqlite").exists() and training.poll() is None:
                time.sleep(0.1)
            time.sleep(1)
            server = Server(options, Path(place))

            def seconds() -> float:
                fields = Path(f"/proc/{server.process.pid}/stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()
                return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

            received: list[int] = []

            async def follow() -> None:
                ends = asyncio.Event()
                clients = [
                    asyncio.create_task(follow_page(server.port, "/sweeps/1", asks_for_changes, ends, received))
                    for _ in range(options.followers)]
                while training.poll() is None:
                    await asyncio.sleep(0.2)
                ends.set()
                for client in clients:
                    client.cancel()
                await asyncio.gather(*clients, return_exceptions=True)

            begin, used = time.perf_counter(), seconds()
            asyncio.run(follow())
            taken, used = time.perf_counter() - begin, seconds() - used
            print(
                f"{options.followers} clients that follow {spec.stem} for {taken:.0f} s, "
                f"{'what has changed' if asks_for_changes else 'whole pages'}: {used:.2f} s in the server, "
                f"{100 * used / taken / os.cpu_count():.1f} % of {os.cpu_count()} cores (wanted: 2 %), "
                f"{sum(received) / 1e6:.1f} MB", flush=True)
            server.stop()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--labrun", default="labrun", help="the program, by default the one in the PATH")
    parser.add_argument("--folder", type=Path, help="where the store stays, to be used again")
    parser.add_argument("--rounds", type=int, default=3, help="how often each page is asked for")
    parser.add_argument("--rate", type=float, default=200, help="requests a second")
    parser.add_argument("--seconds", type=float, default=60, help="how long; 0 leaves this out")
    parser.add_argument("--clients", type=int, default=16, help="connections at once")
    parser.add_argument("--follow", type=Path, help="measure only clients that follow this spec while it is trained")
    parser.add_argument("--followers", type=int, default=100, help="how many of them")
    options = parser.parse_args()
    if "/" in options.labrun:
        options.labrun = str(Path(options.labrun).resolve())
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.folder or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        if options.follow:
            return measure_followers(options, folder)
        if not (folder / "Results" / "labrun.sqlite").exists():
            make_store(options, folder)
        measure_pages(options, folder)
        if options.seconds > 0:
            measure_load(options, folder)


if __name__ == "__main__":
    main()
