"""Starts MLflow's own server in a folder, prints its address once it answers, and ends it when standard input does.

usage: python3 serve_mlflow.py FOLDER
"""
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request

folder = sys.argv[1]
with socket.socket() as free:
    free.bind(("127.0.0.1", 0))
    port = free.getsockname()[1]
address = f"http://127.0.0.1:{port}"
with open(f"{folder}/server.log", "w") as log:
    server = subprocess.Popen(
        [
            sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1",
            "--backend-store-uri", f"sqlite:///{folder}/mlflow.db", "--artifacts-destination", f"{folder}/files",
        ], stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
try:
    for _ in range(1200):
        try:
            urllib.request.urlopen(address + "/health", timeout=2).close()
            break
        except OSError:
            if server.poll() is not None:
                sys.exit(f"the server ended: {open(f'{folder}/server.log').read()[-2000:]}")
            time.sleep(0.1)
    print(address, flush=True)
    sys.stdin.read()
finally:
    try:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait(timeout=10)
    except (ProcessLookupError, subprocess.TimeoutExpired):
        os.killpg(server.pid, signal.SIGKILL)
