import Foundation

/// A command that starts a Python script or module.
struct PythonCommand {
  /// The environment variable with the path of the file that the options are written to.
  static let dumpVariable = "LABRUN_OPTIONS_FILE"

  /// Everything up to the Python, and the Python's own options.
  private let head: [String]
  /// `-m` and a module, or the script; then its arguments.
  private let tail: [String]

  /// The script by its path from the folder; nil of a module.
  var script: String? { tail.first == "-m" ? nil : tail.first }
  /// The module; nil of a script.
  var module: String? { tail.first == "-m" ? tail.dropFirst().first : nil }

  /// - Returns: nil where the command starts no Python, or no script by it.
  init?(_ words: [String], folder: String) {
    var words = words
    // A script that names its Python in its first line.
    if let first = words.first, first.contains("/"),
      let line = Self.interpreter(first.hasPrefix("/") ? first : "\(folder)/\(first)")
    {
      words = line + words
    }
    guard
      let python = words.firstIndex(where: {
        ($0 as NSString).lastPathComponent.wholeMatch(of: /python[\d.]*|pypy[\d.]*/) != nil
      })
    else { return nil }
    var place = python + 1
    while place < words.count, words[place].hasPrefix("-") {
      if words[place] == "-m" { break }
      // Nothing is known of code on the command line.
      guard words[place] != "-c", words[place] != "-" else { return nil }
      place += ["-W", "-X"].contains(words[place]) ? 2 : 1
    }
    guard place < words.count else { return nil }
    head = Array(words[..<place])
    tail = Array(words[place...])
    if tail.first == "-m", tail.count < 2 { return nil }
  }

  /// The command that writes the options and ends, or does what the command does with its arguments.
  var asking: [String] { head + ["-c", Self.shim] + tail }

  /// The words of a file's first line, where that names a Python.
  private static func interpreter(_ path: String) -> [String]? {
    guard let handle = FileHandle(forReadingAtPath: path), let data = try? handle.read(upToCount: 256),
      let line = String(decoding: data, as: UTF8.self).split(whereSeparator: \.isNewline).first,
      line.hasPrefix("#!"), line.contains("python")
    else { return nil }
    return line.dropFirst(2).split(separator: " ").map(String.init)
  }

  /// Runs a script up to the point where it parses its arguments, and writes what its parser knows of them.
  private static let shim = #"""
    import argparse, json, math, os, runpy, sys

    def plain(value):
        if value is None or isinstance(value, (bool, str)) or type(value) is int:
            return value
        if isinstance(value, float) and math.isfinite(value):
            return float(value)
        if isinstance(value, os.PathLike):
            return os.fspath(value)
        if isinstance(value, (list, tuple)):
            return [plain(each) for each in value]
        raise TypeError(repr(value))

    def usesClient():
        return hasattr(sys.modules.get("labrun"), "CAPSULE_VERSION")

    def several(action):
        return action.nargs in ("+", "*", argparse.REMAINDER) or isinstance(action.nargs, int) and action.nargs > 1

    KINDS = {
        "_StoreAction": "store", "_StoreTrueAction": "store_true", "_StoreFalseAction": "store_false",
        "BooleanOptionalAction": "optional", "_Flag": "optional", "_AppendAction": "append", "_ExtendAction": "append", "_CountAction": "count"}

    def described(action):
        entry = {
            "flags": list(action.option_strings), "dest": str(action.dest), "kind": KINDS.get(type(action).__name__, "other"),
            "type": getattr(action.type, "__name__", None), "value": None, "unreadable": None, "choices": [],
            "required": bool(action.required), "several": several(action), "help": str(action.help or "")}
        default = None if action.default is argparse.SUPPRESS else action.default
        try:
            entry["value"] = plain(default)
        except TypeError:
            entry["unreadable"] = repr(default)[:80]
        try:
            entry["choices"] = [plain(each) for each in action.choices or []]
        except TypeError:
            entry["choices"] = [str(each) for each in action.choices]
        if usesClient() and entry["help"].startswith("default: "):
            # labrun's client says so what it would take by itself.
            entry["value"], entry["help"] = json.loads(entry["help"][9:].replace("%%", "%")), ""
        entry["help"] = entry["help"].replace("%(default)s", str(default)).replace("%%", "%")
        return entry

    def known(parser, words):
        actions, commands = [], []
        chosen = None
        for action in parser._actions:
            if isinstance(action, argparse._SubParsersAction):
                commands = [str(name) for name in action.choices]
                chosen = next((action.choices[word] for word in words if word in action.choices), None)
            elif not isinstance(action, (argparse._HelpAction, argparse._VersionAction)):
                if action.help is not argparse.SUPPRESS and action.dest != "labrun folder":
                    actions.append(described(action))
        if chosen is not None:
            # Options of the parser before the command would have to stand before it.
            return known(chosen, [])
        return {"actions": actions, "commands": commands, "client": usesClient()}

    def asked(parse):
        def parsing(parser, args=None, *others, **named):
            # Hydra's own parser knows nothing of the program's configuration, which is printed on request.
            if "--hydra-help" in parser._option_string_actions:
                return parse(parser, args, *others, **named)
            words = sys.argv[1:] if args is None else list(args)
            try:
                text = json.dumps(known(parser, words))
                with open(os.environ["LABRUN_OPTIONS_FILE"], "w") as file:
                    file.write(text)
            except Exception:
                # Then the parser says of itself what it can.
                return parse(parser, args, *others, **named)
            os._exit(0)
        return parsing

    for name in ("parse_args", "parse_known_args", "parse_intermixed_args", "parse_known_intermixed_args"):
        setattr(argparse.ArgumentParser, name, asked(getattr(argparse.ArgumentParser, name)))
    sys.argv = sys.argv[1:]
    if sys.argv[0] == "-m":
        module = sys.argv[1]
        sys.argv = sys.argv[1:]
        sys.path[0] = os.getcwd()
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    else:
        sys.path[0] = os.path.dirname(os.path.abspath(sys.argv[0]))
        runpy.run_path(sys.argv[0], run_name="__main__")
    """#
}
