#!/usr/bin/env bash
# Installs a wheel on a bare system, which has Python and nothing else, and works with it there, without a network.
#
# The bare system is a folder that debootstrap fills, once. Where that cannot be, as on macOS and without root, the wheel is tried
# in a virtual environment of this machine, and what that cannot show is said.
#
# usage: test-wheel.sh [WHEEL]   (by default that of dist)
#   WHEEL_SYSTEM  the release of Debian or Ubuntu that is bare (this machine's)
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
wheel=${1:-$(ls dist/labrun-*.whl 2> /dev/null || echo dist/labrun-….whl)}
largest=60000000      # bytes
largest_delay=10      # milliseconds
fail() { echo "error: $*" >&2; exit 1; }
[ -f "$wheel" ] || fail "there is no wheel $wheel: make wheel builds it"

size=$(($(wc -c < "$wheel")))
[ "$size" -lt "$largest" ] || fail "$wheel has $size bytes: expected fewer than $largest"
echo "ok  $(basename "$wheel"): $((size / 1000000)) MB"

# Puts what is worked with into a folder.
fill() {
  mkdir -p "$1/Experiments" "$1/images" "$1/client"
  cp "$wheel" Scripts/wheel/try-wheel.sh "$1"
  cp Experiments/quick.json "$1/Experiments"
  cp -r Examples/plain-script "$1/rings"
  local fixtures=Tests/LabDataTests/Fixtures
  cp $fixtures/images/rgb.{png,jpg,ppm,bmp} $fixtures/formats/{lossy.webp,lzw.tif,grey.gif} "$1/images"
  cat > "$1/Experiments/tiny.json" << 'JSON'
{
  "name": "tiny",
  "dataset": { "name": "synthetic-signs", "train_limit": 200, "test_limit": 100 },
  "model": { "architecture": "resnet", "depth": 8, "width": 8 },
  "training": { "epochs": 1, "batch_size": 50 },
  "factors": { "loss": ["cross-entropy", "focal"] },
  "baseline": { "loss": "cross-entropy" },
  "seeds": 1
}
JSON
  cat > "$1/client/program.py" << 'PYTHON'
import labrun


def train(run):
    for epoch in (1, 2):
        run.log(epoch=epoch, train_loss=1 / epoch)
    run.log(test_accuracy=0.5 + run.config.lr + 0.01 * run.seed)


labrun.main(train, defaults={"lr": 0.1})
PYTHON
  cat > "$1/client/experiment.json" << 'JSON'
{
  "name": "client",
  "program": {
    "command": ["python3", "program.py"],
    "sources": ["program.py"],
    "metrics": { "test_accuracy": { "better": "higher", "unit": "%" } }
  },
  "parameters": { "lr": 0.1 },
  "factors": { "lr": [0.1, 0.2] },
  "baseline": { "lr": 0.1 },
  "seeds": 3
}
JSON
}

# MARK: The bare system

root=.build-wheel/root
why_not=
make_root() {
  if [ "$(uname -s)" != Linux ]; then why_not="this is no Linux"; return 1; fi
  if [ "$(id -u)" -ne 0 ]; then why_not="it takes root"; return 1; fi
  if ! unshare --mount --net --pid --fork true 2> /dev/null; then why_not="namespaces are not allowed here"; return 1; fi
  local release=${WHEEL_SYSTEM:-$(. /etc/os-release && echo "${VERSION_CODENAME:-}")}
  # Ubuntu has python3-venv among what it does not support itself.
  local components=main
  ! grep -qx ID=ubuntu /etc/os-release || components=main,universe
  [ "$(cat "$root/complete" 2> /dev/null)" != "$release" ] || return 0
  if ! command -v debootstrap > /dev/null; then
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends debootstrap > /dev/null 2>&1 ||
      { why_not="debootstrap cannot be installed"; return 1; }
  fi
  echo "Making a system with Python and nothing else in $root…"
  rm -rf "$root"
  mkdir -p "$root"
  if ! debootstrap --variant=minbase --components="$components" --include=python3,python3-venv "$release" "$root" > "$root.log" 2>&1; then
    why_not="debootstrap has failed: $(tail -n 1 "$root.log")"
    return 1
  fi
  echo "$release" > "$root/complete"
}

# Works with a wheel in the folder of a system, as a user, in namespaces of its own.
inside() {
  set -e
  mount -t proc proc "$1/proc"
  # The loopback is there without a network, too: Foundation needs it to start programs.
  python3 -c 'import fcntl, socket, struct; fcntl.ioctl(socket.socket(), 0x8914, struct.pack("16sh22x", b"lo", 1))'
  exec chroot --userspec=1000:1000 "$1" /usr/bin/env -i HOME=/home/user PATH=/usr/bin:/bin:/usr/sbin:/sbin LANG=C.UTF-8 IS_BARE=1 \
    bash -c 'cd /home/user && exec bash try-wheel.sh "$0"' "$2"
}
export -f inside

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
if make_root; then
  home=$root/home/user
  rm -rf "$home"
  fill "$home"
  chown -R 1000:1000 "$home"
  unshare --mount --net --pid --fork bash -c 'inside "$@"' inside "$root" "$(basename "$wheel")"
  rm -rf "$home"
else
  echo "skipped: a bare system, since $why_not. Libraries of this machine may hide what the wheel lacks."
  fill "$folder/user"
  (cd "$folder/user" && exec env -i HOME="$PWD" PATH="$PATH" LANG=C.UTF-8 bash try-wheel.sh "$(basename "$wheel")")
fi

# MARK: How fast it starts

plain=.build/release/labrun
[ -x "$plain" ] || plain=.build-wheel/release/labrun
if [ ! -x "$plain" ]; then
  echo "skipped: how fast it starts, since there is no other labrun to compare with: make build"
  exit 0
fi
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --no-index --no-deps --disable-pip-version-check "$wheel"
python3 - "$folder/venv/bin/labrun" "$plain" "$largest_delay" << 'PYTHON'
import subprocess, sys, time

wheel, plain, largest = sys.argv[1], sys.argv[2], float(sys.argv[3])
times = {wheel: [], plain: []}
# In turn, since machines are shared; the least time is the program's own.
for _ in range(40):
    for program, values in times.items():
        start = time.perf_counter()
        subprocess.run([program, "--version"], check=True, stdout=subprocess.DEVNULL)
        values.append(1000 * (time.perf_counter() - start))
own, other = min(times[wheel]), min(times[plain])
text = f"starts in {own:.1f} ms, {plain} in {other:.1f} ms"
if own > other + largest:
    sys.exit(f"error: {text}: expected a difference of at most {largest:g} ms")
print(f"ok  {text}")
PYTHON
