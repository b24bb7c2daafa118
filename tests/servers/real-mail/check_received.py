"""Reads delivered letters with tests/oracle/eml.py. What delivery changed is undone first."""

import pathlib
import re
import subprocess
import sys
import tempfile

oracle = pathlib.Path(__file__).parent.parent.parent / "oracle" / "eml.py"
with tempfile.TemporaryDirectory() as folder:
    paths = []
    for number, path in enumerate(sys.argv[1:]):
        raw = pathlib.Path(path).read_bytes()
        # Postfix stores line feeds and puts its own headers in front.
        raw = re.sub(rb"\r?\n", b"\r\n", raw)
        paths.append(pathlib.Path(folder) / f"{number}.eml")
        paths[-1].write_bytes(raw)
    sys.exit(subprocess.run([sys.executable, oracle, *paths]).returncode)
