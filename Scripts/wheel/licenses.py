"""Gathers the licenses of what is in a wheel: from the packages that libraries were installed by, and from what is linked in."""
import json
import os
import platform
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
COMMON = Path("/usr/share/common-licenses")
STAND_IN = "libjbig.so.0"


def output(*command):
    """What a command printed; None where it failed."""
    result = subprocess.run([str(word) for word in command], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    return result.stdout if result.returncode == 0 else None


def system_name():
    """What this system is called: Debian, Ubuntu."""
    text = Path("/etc/os-release").read_text(encoding="utf-8")
    return re.search(r"(?m)^ID=\"?([a-z]+)", text).group(1).capitalize()


def libraries_of(program):
    """The paths of all libraries that a program loads, by their names."""
    if platform.system() == "Darwin":
        found, rest = {}, [program]
        while rest:
            for path in re.findall(r"(?m)^\s+((?:@rpath|@loader_path)?/\S+)", output("otool", "-L", rest.pop())):
                name = os.path.basename(path)
                if path.startswith(("/usr/lib/", "/System/")) or name in found:
                    continue
                # Homebrew links every library into one folder.
                real = Path(path) if path.startswith("/") else Path(output("brew", "--prefix").strip()) / "lib" / name
                found[name] = real
                rest.append(real)
        return found
    return {name: Path(path) for name, path in re.findall(r"(?m)^\s*(\S+) => (/\S+)", output("ldd", program))}


# MARK: Packages of the system


def package_of(path):
    """What is known of the package that a library belongs to: its name and version, where its source is, and its licenses.

    Returns:
        a tuple of the package's name, a sentence that names it, and the files of its licenses.
    """
    real = path.resolve()
    if "Cellar" in real.parts:
        position = real.parts.index("Cellar")
        name, version = real.parts[position + 1:position + 3]
        folder = Path(*real.parts[:position + 3])
        texts = [file for file in sorted(folder.iterdir()) if re.match("(?i)(licen[cs]e|copying|notice)", file.name)]
        return name, f"Homebrew's {name} {version}", texts
    # A file has been installed by either of two paths, where /lib is /usr/lib.
    paths = {str(path), str(real), *(f"/usr{p}" for p in (path, real)), *(str(p).removeprefix("/usr") for p in (path, real))}
    for candidate in sorted(paths):
        owner = output("dpkg", "-S", candidate)
        if owner:
            package = owner.split(": ")[0].split(",")[0]
            fields = output("dpkg-query", "-W", "-f", "${Package}\t${Version}\t${source:Package}\t${source:Version}", package)
            name, version, source, source_version = fields.split("\t")
            origin = f"{system_name()}'s {name} {version}, source package {source} {source_version}"
            return name, origin, [Path("/usr/share/doc") / name / "copyright"]
    sys.exit(f"error: {path} belongs to no package, so that its license is unknown: install it from the system's packages")


def gather(folder, build, needed, bundled):
    """Writes the licenses of everything that is in a wheel, and a page that lists them.

    Args:
        folder: where they are written.
        build: the folder that the program was built in, with the sources of Swift packages.
        needed: the paths of libraries on this machine, by their names.
        bundled: the names of the libraries in the wheel, which have a hash in them.
    """
    folder.mkdir()
    shutil.copyfile(ROOT / "LICENSE", folder / "LICENSE")
    rows = [*linked(folder, build)]
    shared = set()
    for name in sorted(bundled):
        plain = re.sub(r"-[0-9a-f]{8}(?=\.)", "", name)
        if plain.startswith(STAND_IN.rsplit(".", 1)[0]):
            rows.append((name, "a stand-in of labrun's own for libjbig, which is left out", ["LICENSE"]))
            continue
        path = next(
            (path for soname, path in needed.items() if plain in (soname, path.name, path.resolve().name)), None)
        if path is None:
            sys.exit(f"error: the wheel has {name}, which is none of the libraries that the program loads here")
        package, origin, texts = package_of(path)
        texts = [text for text in texts if text.exists()]
        if not texts:
            sys.exit(f"error: {path} is in the wheel, and the license of {origin} is not on this machine")
        (folder / package).mkdir(exist_ok=True)
        written = []
        for text in texts:
            shutil.copyfile(text, folder / package / text.name)
            written.append(f"{package}/{text.name}")
            names = re.findall(rf"{COMMON}/([A-Za-z0-9.+-]*[A-Za-z0-9])", text.read_text("utf-8", "replace"))
            shared.update(name for name in names if (COMMON / name).exists())
        rows.append((name, origin, written))
    for name in sorted(shared):
        (folder / "common").mkdir(exist_ok=True)
        shutil.copyfile(COMMON / name, folder / "common" / name)
    (folder / "BUNDLED.md").write_text(page(rows), encoding="utf-8")


def linked(folder, build):
    """Writes the licenses of what is linked into the program; yields rows of the page."""
    if platform.system() != "Darwin":
        target = json.loads(output("swift", "-print-target-info"))
        text = Path(target["paths"]["runtimeResourcePath"]).parents[1] / "share/swift/LICENSE.txt"
        if not text.exists():
            sys.exit(f"error: {text} is missing, the license of Swift's libraries, which are linked into the program")
        (folder / "swift").mkdir()
        shutil.copyfile(text, folder / "swift" / "LICENSE.txt")
        release = re.search(r"Swift version (\S+)", target["compilerVersion"]).group(1)
        yield "in the program", f"Swift {release}: standard library, Dispatch, Foundation", ["swift/LICENSE.txt"]
        shutil.copyfile(ROOT / "Scripts/wheel/licenses/ICU.txt", folder / "swift" / "ICU.txt")
        yield "in the program", "ICU, part of Swift's Foundation", ["swift/ICU.txt"]
    pins = json.loads((ROOT / "Package.resolved").read_text())["pins"]
    for pin in sorted(pins, key=lambda pin: pin["identity"]):
        name = pin["location"].rsplit("/", 1)[1].removesuffix(".git")
        source = build / "checkouts" / name
        texts = [text for text in sorted(source.iterdir()) if re.match("(LICENSE|NOTICE)", text.name)]
        if not texts:
            sys.exit(f"error: {source} has no license, and is linked into the program")
        (folder / name).mkdir()
        for text in texts:
            shutil.copyfile(text, folder / name / text.name)
        number = pin["state"].get("version", pin["state"]["revision"])
        yield "in the program", f"{name} {number}, {pin['location']}", [f"{name}/{text.name}" for text in texts]
        if name == "Yams":
            shutil.copyfile(ROOT / "Scripts/wheel/licenses/LibYAML.txt", folder / name / "LibYAML.txt")
            yield "in the program", "LibYAML, part of Yams", [f"{name}/LibYAML.txt"]


def page(rows):
    """The page that lists what the wheel has of others."""
    lines = [
        "# What is in this wheel",
        "",
        "labrun itself is under the MIT license, in LICENSE. What it has of others is under licenses of their own; common",
        "ones that these refer to are in `common`. Libraries are files of their own, in `libexec/labrun`, loaded when the",
        "program starts: each can be replaced by another build of it. The source of a package of Debian's or Ubuntu's is had",
        "by `apt-get source NAME=VERSION`, that of an earlier version from snapshot.debian.org or launchpad.net.",
        "",
        "| file | what it is | license |",
        "|---|---|---|",
        *(f"| {name} | {origin} | {', '.join(texts)} |" for name, origin, texts in rows),
    ]
    return "\n".join(lines) + "\n"
