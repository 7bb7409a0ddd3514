import { missingVariable } from "./places.ts";

/**
 * Stands in for pip, as a program and as a module: installs nothing, and says what is asked for and
 * not there, or there in another version.
 */
export const pipStandIn = String.raw`"""Stands in for pip: nothing is installed or removed; what is asked for is looked up."""
import importlib.metadata as metadata
import importlib.util
import os
import re
import sys

# Distributions whose module or Debian package has another name.
MODULES = {
    "attrs": "attr", "beautifulsoup4": "bs4", "biopython": "Bio", "cython": "Cython",
    "jinja2": "jinja2", "markdown": "markdown", "msgpack": "msgpack", "networkx": "networkx",
    "odfpy": "odf", "opencv-python": "cv2", "opencv-python-headless": "cv2", "pillow": "PIL",
    "protobuf": "google.protobuf", "pycryptodome": "Crypto", "pygments": "pygments",
    "pyjwt": "jwt", "pymupdf": "fitz", "pyserial": "serial", "python-dateutil": "dateutil",
    "python-docx": "docx", "python-dotenv": "dotenv", "python-levenshtein": "Levenshtein",
    "python-magic": "magic", "python-pptx": "pptx", "pyyaml": "yaml", "pyzmq": "zmq",
    "scikit-image": "skimage", "scikit-learn": "sklearn", "setuptools": "setuptools",
    "typing-extensions": "typing_extensions",
}
DEBIAN = {
    "attrs": "python3-attr", "beautifulsoup4": "python3-bs4", "cython": "cython3",
    "opencv-python": "python3-opencv", "opencv-python-headless": "python3-opencv",
    "pillow": "python3-pil", "pillow-heif": "", "pymupdf": "python3-fitz",
    "pycryptodome": "python3-pycryptodome", "python-dateutil": "python3-dateutil",
    "python-docx": "python3-docx", "python-dotenv": "python3-dotenv",
    "python-levenshtein": "python3-levenshtein", "python-magic": "python3-magic",
    "python-pptx": "python3-pptx", "pyyaml": "python3-yaml", "pyzmq": "python3-zmq",
    "scikit-image": "python3-skimage", "scikit-learn": "python3-sklearn",
    "graphviz": "python3-graphviz",
}
WITH_VALUE = {
    "-i", "--index-url", "--extra-index-url", "-f", "--find-links", "-t", "--target", "--prefix",
    "--root", "--python-version", "--platform", "--timeout", "--retries", "--trusted-host",
    "--cache-dir", "--proxy", "--no-binary", "--only-binary", "--upgrade-strategy",
    "--progress-bar", "-c", "--constraint", "--implementation", "--abi", "--src", "--log",
    "--python", "-p", "--index", "--index-strategy", "--torch-backend",
}


def normal(name):
    return re.sub(r"[-_.]+", "-", name).lower()


def version_of(name):
    """The version that is there, "" where it is not known, or None."""
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        pass
    module = MODULES.get(name, name.replace("-", "_"))
    try:
        return "" if importlib.util.find_spec(module) else None
    except (ImportError, ValueError):
        return None


def requirements(path, seen):
    found = []
    if path in seen:
        return found
    seen.add(path)
    try:
        with open(path, encoding="utf-8") as lines:
            text = lines.read()
    except OSError as error:
        sys.exit("agent33: pip cannot read %s: %s" % (path, error))
    for line in text.replace("\\\n", " ").splitlines():
        line = re.sub(r"(^|\s)#.*$", "", line).strip()
        inner = re.match(r"(?:-r|--requirement)[\s=]*(\S+)", line)
        if inner:
            found += requirements(os.path.join(os.path.dirname(path), inner.group(1)), seen)
        elif line and not line.startswith("-"):
            found.append(line)
    return found


def asked_for(words):
    found = []
    words = list(words)
    while words:
        word = words.pop(0)
        if word in ("-r", "--requirement"):
            found += requirements(words.pop(0) if words else "", set())
        elif word.startswith("--requirement="):
            found += requirements(word.partition("=")[2], set())
        elif word in ("-e", "--editable"):
            found.append(words.pop(0) if words else ".")
        elif word in WITH_VALUE:
            del words[:1]
        elif not word.startswith("-"):
            found.append(word)
    return found


def note_missing(name, debian):
    path = os.environ.get("${missingVariable}")
    if path:
        with open(path, "a", encoding="utf-8") as notes:
            notes.write("pypi %s %s\n" % (name, debian))


def install(words):
    missing, others, elsewhere = [], [], []
    for asked in asked_for(words):
        match = re.match(r"([A-Za-z0-9][A-Za-z0-9._-]*)\s*(?:\[[^\]]*\])?\s*([^;@]*)(.?)", asked)
        is_place = "/" in asked.split(";")[0] or asked.startswith(".") or asked.endswith(".whl")
        if not match or is_place or match.group(3) == "@":
            elsewhere.append(asked)
            continue
        name = normal(match.group(1))
        there = version_of(name)
        wanted = match.group(2).strip()
        if there is None:
            debian = DEBIAN.get(name, "python3-" + re.sub(r"^python-", "", name))
            missing.append("%s (Debian: perhaps %s)" % (name, debian) if debian else name)
            note_missing(name, debian or "-")
        elif wanted.startswith("==") and there and wanted.lstrip("= ") != there:
            others.append("%s %s (asked for %s)" % (name, there, wanted))
    if others:
        print("agent33: nothing is installed here; there is " + ", ".join(others), file=sys.stderr)
    if elsewhere:
        print("agent33: not installed: " + ", ".join(elsewhere), file=sys.stderr)
    if missing:
        print("agent33: not there and not installed: " + ", ".join(missing), file=sys.stderr)
    return 0


def main(words):
    words = list(words)
    while words and words[0].startswith("-") and words[0] not in ("-V", "--version"):
        del words[: 2 if words[0] in WITH_VALUE else 1]
    action = words[0] if words else "help"
    if action == "install":
        return install(words[1:])
    if action in ("-V", "--version"):
        print("pip 0 (AGENT-33's stand-in, which installs nothing)")
        return 0
    if action in ("list", "freeze"):
        for one in sorted(metadata.distributions(), key=lambda d: (d.metadata["Name"] or "").lower()):
            form = "%s==%s" if action == "freeze" else "%s %s"
            print(form % (one.metadata["Name"], one.version))
        return 0
    if action == "show":
        code = 0
        for name in asked_for(words[1:]):
            there = version_of(normal(name))
            if there is None:
                print("WARNING: Package(s) not found: " + name, file=sys.stderr)
                code = 1
            else:
                print("Name: %s\nVersion: %s" % (name, there))
        return code
    if action in ("uninstall", "cache", "config", "check", "help", "wheel", "completion"):
        return 0
    print("agent33: the stand-in for pip does not know '%s'" % action, file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
`;
