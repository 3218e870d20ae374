"""Keeps runs as MLflow's server does, as far as exports use it, and fails as it is told to.

Prints its address, and ends when standard input does. `GET /control?JSON` takes {"plan": [what happens to each of the next
requests, …], "then": what happens to all later ones, "artifacts": where runs keep files, "reset": true}. What may happen:
"ok"; a status such as "503" before anything is done; "lost", which does what is asked for and closes the connection; "half",
which answers with the first half of the answer; "close", which closes the connection; "drip", which sends a byte now and then;
"moved ADDRESS"; "junk". `GET /state` gives all there is.

usage: python3 faulty_mlflow.py
"""
import json
import re
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlparse

state = {}
lock = threading.Lock()


def reset():
    state.update(plan=[], then="ok", artifacts="mlflow-artifacts:/", experiments={}, runs={}, files={}, requests=[])


class Refusal(Exception):
    def __init__(self, status, code, message):
        self.status, self.code, self.message = status, code, message


def run_of(body):
    run = state["runs"].get(body["run_id"])
    if run is None:
        raise Refusal(404, "RESOURCE_DOES_NOT_EXIST", "no such run")
    return run


def check(condition, message):
    if not condition:
        raise Refusal(400, "INVALID_PARAMETER_VALUE", message)


def check_name(name):
    parts = name.split("/")
    check(re.fullmatch(r"[/\w.\- ]+", name) and len(name) <= 250, f"name {name}")
    check(all(part not in ("", ".", "..") for part in parts), f"name {name}")


def create_experiment(body):
    if body["name"] in state["experiments"]:
        raise Refusal(400, "RESOURCE_ALREADY_EXISTS", "there is one")
    state["experiments"][body["name"]] = str(len(state["experiments"]) + 1)
    return {"experiment_id": state["experiments"][body["name"]]}


def get_experiment(query):
    name = query["experiment_name"][0]
    if name not in state["experiments"]:
        raise Refusal(404, "RESOURCE_DOES_NOT_EXIST", "there is none")
    return {"experiment": {"experiment_id": state["experiments"][name], "name": name, "lifecycle_stage": "active"}}


def create_run(body):
    number = f"run{len(state['runs'])}"
    state["runs"][number] = {
        "experiment": body["experiment_id"], "name": body["run_name"], "status": "RUNNING", "deleted": False,
        "tags": {tag["key"]: tag["value"] for tag in body.get("tags", [])}, "params": {}, "metrics": [],
    }
    return {"run": described(number)}


def described(number):
    run = state["runs"][number]
    return {
        "info": {"run_id": number, "artifact_uri": f"{state['artifacts']}{run['experiment']}/{number}/artifacts"},
        "data": {"tags": [{"key": key, "value": value} for key, value in run["tags"].items()]},
    }


def search(body):
    key, value = re.fullmatch(r"tags\.`(.*)` = '(.*)'", body["filter"]).groups()
    found = [
        described(number) for number, run in state["runs"].items()
        if run["experiment"] in body["experiment_ids"] and run["tags"].get(key) == value and not run["deleted"]
    ]
    # Small pages, so that there are several.
    start = int(body.get("page_token") or 0)
    answer = {"runs": found[start:start + 2]}
    if start + 2 < len(found):
        answer["next_page_token"] = str(start + 2)
    return answer


def log_batch(body):
    run = run_of(body)
    check(not run["deleted"], "the run is deleted")
    metrics, params, tags = (body.get(name, []) for name in ("metrics", "params", "tags"))
    check(len(metrics) <= 1000 and len(params) <= 100 and len(tags) <= 100, "too many at once")
    for metric in metrics:
        check_name(metric["key"])
        row = [metric["key"], metric["step"], metric["value"], metric["timestamp"]]
        # The server keeps equal rows once.
        if row not in run["metrics"]:
            run["metrics"].append(row)
    for param in params:
        check_name(param["key"])
        check(len(param["value"]) <= 6000, "a long value")
        check(run["params"].get(param["key"], param["value"]) == param["value"], "params cannot be changed")
        run["params"][param["key"]] = param["value"]
    for tag in tags:
        check(len(tag["value"]) <= 8000, "a long tag")
        run["tags"][tag["key"]] = tag["value"]
    return {}


def update(body):
    run_of(body).update(status=body["status"], end=body.get("end_time"))
    return {}


def delete(body):
    run_of(body)["deleted"] = True
    return {}


def delete_tag(body):
    if run_of(body)["tags"].pop(body["key"], None) is None:
        raise Refusal(404, "RESOURCE_DOES_NOT_EXIST", "no such tag")
    return {}


routes = {
    "experiments/create": create_experiment, "runs/create": create_run, "runs/search": search,
    "runs/log-batch": log_batch, "runs/update": update, "runs/delete": delete, "runs/delete-tag": delete_tag,
}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *arguments):
        pass

    def do_GET(self):
        self.answer()

    def do_POST(self):
        self.answer()

    def do_PUT(self):
        self.answer()

    def answer(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        parts = urlparse(self.path)
        with lock:
            if parts.path == "/state":
                return self.send(200, state)
            if parts.path == "/control":
                told = json.loads(unquote(parts.query))
                if told.pop("reset", False):
                    reset()
                state.update(told)
                return self.send(200, {})
            what = state["plan"].pop(0) if state["plan"] else state["then"]
            state["requests"].append([self.command, parts.path, self.headers.get("Authorization"), what])
            if what in ("ok", "lost", "half"):
                status, value = self.done(parts, body)
        if what in ("ok", "lost", "half"):
            if what == "lost":
                self.close_connection = True
            else:
                self.send(status, value, half=what == "half")
        elif what == "close":
            self.close_connection = True
        elif what == "drip":
            self.send_response(200)
            self.send_header("Content-Length", "1000000")
            self.end_headers()
            try:
                while True:
                    self.wfile.write(b" ")
                    self.wfile.flush()
                    time.sleep(0.2)
            except OSError:
                self.close_connection = True
        elif what.startswith("moved "):
            self.send(302, {}, location=what.split()[1] + self.path)
        elif what == "junk":
            self.send(200, None, text=b"<html>welcome</html>")
        else:
            self.send(int(what), {"message": f"told to answer {what}\non two lines"})

    def done(self, parts, body):
        prefix, files = "/api/2.0/mlflow/", "/api/2.0/mlflow-artifacts/artifacts/"
        try:
            if parts.path.startswith(files):
                state["files"][parts.path[len(files):]] = len(body)
                return 200, {}
            if parts.path == prefix + "experiments/get-by-name":
                return 200, get_experiment(parse_qs(parts.query))
            return 200, routes[parts.path[len(prefix):]](json.loads(body))
        except Refusal as refusal:
            return refusal.status, {"error_code": refusal.code, "message": refusal.message}

    def send(self, status, value, half=False, location=None, text=None):
        data = text or json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        if location:
            self.send_header("Location", location)
        self.end_headers()
        self.wfile.write(data[: len(data) // 2] if half else data)
        self.close_connection = self.close_connection or half


reset()
server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
server.daemon_threads = True
threading.Thread(target=server.serve_forever, daemon=True).start()
print(f"http://127.0.0.1:{server.server_port}", flush=True)
sys.stdin.read()
