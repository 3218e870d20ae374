#!/usr/bin/env python3
"""Makes a wheel of the program, the libraries that it needs, their licenses and the Python client.

usage: assemble.py PROGRAM --build FOLDER --output FOLDER

auditwheel (delocate on macOS) copies the libraries and says on which systems the wheel runs. It expects a program inside of the
Python package, and would start one on the PATH by a script in Python, which costs more than the program's own start. So the
wheel is laid out anew behind it: pip puts the program into `bin` and the libraries into `libexec/labrun` of one and the same
prefix, and the program finds them from there. (Not into `lib`: `pip install --target` leaves that out.)
"""
import argparse
import base64
import hashlib
import os
import platform
import re
import shutil
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import licenses

ROOT = Path(__file__).resolve().parents[2]
CLIENT = ROOT / "Clients" / "Python"
LIBRARIES = "libexec/labrun"
IS_MAC = platform.system() == "Darwin"


def fail(message):
    sys.exit(f"error: {message}")


def run(*command, **options):
    """Runs a command and returns what it printed; its errors are shown as they are."""
    return subprocess.run(
        [str(word) for word in command], check=True, stdout=subprocess.PIPE, text=True, **options).stdout


# MARK: What the wheel says of itself


def version(program):
    """The version that the program and the client have in common, as Python writes it: 0.3.0-dev is 0.3.0.dev0."""
    own = run(program, "--version").strip()
    result = re.sub(r"-dev$", ".dev0", own)
    for path, pattern in [
        (CLIENT / "pyproject.toml", r'(?m)^version = "(.*)"$'),
        (CLIENT / "src/labrun/__init__.py", r'(?m)^__version__ = "(.*)"$'),
    ]:
        found = re.search(pattern, path.read_text(encoding="utf-8")).group(1)
        if found != result:
            fail(f"{path.relative_to(ROOT)} has the version {found}, and the program is {own}: expected {result}")
    return result


def metadata(version, license_files):
    """The text of METADATA."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    # The page's pictures and links lead into the repository.
    summary = readme.split("\n\n")[1]
    python = re.search(r'(?m)^requires-python = "(.*)"$', (CLIENT / "pyproject.toml").read_text()).group(1)
    lines = [
        "Metadata-Version: 2.4",
        "Name: labrun",
        f"Version: {version}",
        "Summary: Ablation studies of image classifiers, and of anybody's programs, from a spec to a table.",
        f"Requires-Python: {python}",
        "Description-Content-Type: text/markdown",
        "License: MIT; the libraries in the wheel have licenses of their own, which licenses/BUNDLED.md lists",
        *(f"License-File: {name}" for name in license_files),
    ]
    return "\n".join(lines) + f"\n\n# labrun\n\n{summary}\n\n`labrun init my-study` writes a spec to begin with.\n"


def wheel_file(tag):
    """The text of WHEEL."""
    tags = "".join(f"Tag: py3-none-{part}\n" for part in tag.split("."))
    return f"Wheel-Version: 1.0\nGenerator: labrun\nRoot-Is-Purelib: false\n{tags}"


# MARK: Files of wheels


def record(folder):
    """The text of RECORD for the files of a folder."""
    lines = []
    for path in files(folder):
        digest = base64.urlsafe_b64encode(hashlib.sha256((folder / path).read_bytes()).digest()).rstrip(b"=").decode()
        lines.append(f"{path},sha256={digest},{(folder / path).stat().st_size}")
    return lines


def files(folder):
    """The files of a folder, by their paths in it; what describes the wheel comes last, as the format wants it."""
    paths = [path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()]
    return sorted(paths, key=lambda path: (".dist-info/" in path, path))


def pack(folder, info, wheel, level=9):
    """Writes the files of a folder as a wheel, whose bytes depend on nothing but theirs and SOURCE_DATE_EPOCH."""
    name = f"{info}/RECORD"
    (folder / name).unlink(missing_ok=True)
    (folder / name).write_text("\n".join([*record(folder), f"{name},,"]) + "\n", encoding="utf-8")
    # The format knows no time before 1980.
    seconds = max(int(os.environ["SOURCE_DATE_EPOCH"]), 315532800)
    with zipfile.ZipFile(wheel, "w") as archive:
        for path in [*(path for path in files(folder) if path != name), name]:
            entry = zipfile.ZipInfo(path, time.gmtime(seconds)[:6])
            entry.compress_type = zipfile.ZIP_DEFLATED
            mode = 0o755 if "/scripts/" in path or f"/{LIBRARIES}/" in path else 0o644
            entry.external_attr = (0o100000 | mode) << 16
            entry.create_system = 3
            archive.writestr(entry, (folder / path).read_bytes(), compresslevel=level)


# MARK: Libraries


def bundle(program, info, work):
    """Has the libraries copied into a wheel in which the program is part of the package, and unpacks that.

    Returns:
        the folder of the wheel's files, and the systems on which it runs.
    """
    plain = work / "plain"
    shutil.rmtree(work, ignore_errors=True)
    (plain / "labrun/bin").mkdir(parents=True)
    (plain / info).mkdir()
    shutil.copy2(program, plain / "labrun/bin/labrun")
    (plain / "labrun/__init__.py").write_text("")
    # delocate takes the system from the name, which has the one that the program is built for.
    tag = f"macosx_15_0_{platform.machine()}" if IS_MAC else f"linux_{platform.machine()}"
    (plain / info / "METADATA").write_text(metadata(info.split("-")[1].removesuffix(".dist-info"), []))
    (plain / info / "WHEEL").write_text(wheel_file(tag))
    wheel = work / f"{info.removesuffix('.dist-info')}-py3-none-{tag}.whl"
    pack(plain, info, wheel, level=0)
    if IS_MAC:
        run("delocate-wheel", "--require-archs", platform.machine(), "-w", work / "repaired", wheel)
    else:
        run("auditwheel", "repair", "--only-plat", "-z", "0", "-w", work / "repaired", wheel)
    (repaired,) = (work / "repaired").glob("*.whl")
    with zipfile.ZipFile(repaired) as archive:
        archive.extractall(work / "content")
    return work / "content", repaired.stem.split("-py3-none-")[1]


def lay_out(content, info):
    """Moves program and libraries to where pip puts them side by side, and has the one find the others there."""
    data = content / info.replace(".dist-info", ".data")
    source = content / ("labrun/.dylibs" if IS_MAC else "labrun.libs")
    target = data / "data" / LIBRARIES
    program = data / "scripts" / "labrun"
    for folder in (target.parent, program.parent):
        folder.mkdir(parents=True)
    source.rename(target)
    (content / "labrun/bin/labrun").rename(program)
    (content / "labrun/bin").rmdir()
    if IS_MAC:
        for path in re.findall(r"(?m)^\s+(@loader_path/\S+)", run("otool", "-L", program)):
            run("install_name_tool", "-change", path, f"@loader_path/../{LIBRARIES}/{path.rsplit('/', 1)[1]}", program)
        # A change of the file ends its signature, without which it is not started.
        run("codesign", "--force", "--sign", "-", program)
    else:
        run("patchelf", "--set-rpath", f"$ORIGIN/../{LIBRARIES}", program)
    return program, target


def check_paths(program, libraries):
    """Refuses files that look for libraries in folders of this machine, or that name folders in which they were built."""
    for path in [program, *sorted(libraries.iterdir())]:
        if not IS_MAC:
            rpath = run("patchelf", "--print-rpath", path).strip()
            expected = {f"$ORIGIN/../{LIBRARIES}"} if path == program else {"", "$ORIGIN"}
            if rpath not in expected:
                fail(f"{path.name} looks for libraries in {rpath}: expected {' or '.join(expected)}")
    if os.fsencode(ROOT) + b"/" in program.read_bytes():
        fail(f"the program names {ROOT}, the folder that it was built in: expected paths from there, by -ffile-prefix-map")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("program", type=Path, help="the program, stripped")
    parser.add_argument("--build", type=Path, required=True, help="the folder that it was built in")
    parser.add_argument("--output", type=Path, required=True, help="the folder that the wheel is written to")
    options = parser.parse_args()

    number = version(options.program)
    info = f"labrun-{number}.dist-info"
    needed = licenses.libraries_of(options.program)
    content, tag = bundle(options.program, info, options.build / "wheel")
    program, libraries = lay_out(content, info)
    check_paths(program, libraries)
    for name in ("__init__.py", "py.typed"):
        shutil.copyfile(CLIENT / "src/labrun" / name, content / "labrun" / name)

    folder = content / info / "licenses"
    licenses.gather(folder, options.build, needed, [path.name for path in libraries.iterdir()])
    (content / info / "METADATA").write_text(metadata(number, files(folder)), encoding="utf-8")
    (content / info / "WHEEL").write_text(wheel_file(tag))

    options.output.mkdir(exist_ok=True)
    for old in options.output.glob("labrun-*.whl"):
        old.unlink()
    wheel = options.output / f"labrun-{number}-py3-none-{tag}.whl"
    pack(content, info, wheel)
    print(f"{wheel}: {wheel.stat().st_size / 1e6:.1f} MB, with {len(list(libraries.iterdir()))} libraries")


main()
