"""Runs one program of a service: lab_run.py MODULE:FUNCTION [ARGUMENT...]"""

import importlib
import pathlib
import sys

module, function = sys.argv[1].split(":")
sys.argv = [module.rsplit(".", 1)[-1], *sys.argv[2:]]
main = getattr(importlib.import_module(module), function)
if module == "nova.cmd.compute":
    # Nova loads compute drivers from its own package only: let that package reach this folder.
    importlib.import_module("nova.virt").__path__.append(str(pathlib.Path(__file__).parent))
sys.exit(main())
