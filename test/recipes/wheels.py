"""Wheels of what Debian has installed, for hosts that must not ask an index: wheels.py FOLDER NAME..."""
import importlib.metadata as metadata
import pathlib
import sys
import zipfile

folder = pathlib.Path(sys.argv[1])
for name in sys.argv[2:]:
    found = metadata.distribution(name)
    info = f"{name}-{found.version}.dist-info"
    with zipfile.ZipFile(folder / f"{name}-{found.version}-py3-none-any.whl", "w") as wheel:
        for package in found.read_text("top_level.txt").split():
            for path in sorted(pathlib.Path(found.locate_file(package)).rglob("*")):
                if path.is_file() and path.suffix != ".pyc":
                    wheel.write(path, path.relative_to(found.locate_file("")))
        wheel.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {found.version}\n")
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{info}/entry_points.txt", found.read_text("entry_points.txt") or "")
        wheel.writestr(f"{info}/RECORD", "")
