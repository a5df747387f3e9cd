"""The program that asks Jitsi's REST: how it reads Prometheus' text format, and what it says where nothing listens."""
import json
import runpy
import socket
import subprocess
import sys
import unittest
from pathlib import Path

PROGRAM = Path(__file__).parents[2] / "modules/operations/upgrade/programs/jitsi_rest.py"


def run(*words):
    return subprocess.run([sys.executable, PROGRAM, *words], capture_output=True, text=True, check=False)


class JitsiRest(unittest.TestCase):
    def test_nothing_listens(self):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = str(free.getsockname()[1])
        ran = run("metrics", port)
        self.assertEqual((ran.returncode, json.loads(ran.stdout)), (0, None))
        # What was to be done, and couldn't be, is an error.
        self.assertNotEqual(run("drain", port, "on").returncode, 0)

    def test_numbers_without_labels(self):
        metrics = runpy.run_path(str(PROGRAM))["metrics"]
        text = '# HELP a_b x\n# TYPE a_b gauge\na_b 1.0\nc_total 2.5E3\nd{jvb="one two"} 7.0\n'
        self.assertEqual(metrics(text), {"a_b": 1.0, "c_total": 2500.0})


if __name__ == "__main__":
    unittest.main()
