"""The disk that a host keeps its data on."""
from __future__ import annotations

import glob
import os
import subprocess

from ansible.module_utils.polder_tree import Refused

# Disks that are volumes, by their serial numbers: virtio gives the volume's id, cut to 20 characters;
# Hetzner Cloud its number, as its API's `linux_device` says. A system's own disk has neither.
DISKS = ("/dev/disk/by-id/virtio-*", "/dev/disk/by-id/scsi-0HC_Volume_*")


def _say(*command):
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    return ran.returncode, ran.stdout.strip()


def _whole(path):
    """No partition, and not cut into some."""
    return "-part" not in path and not glob.glob(path + "-part*")


def find(volume):
    """The volume's disk and what is on it: absent, blank, ready."""
    folder = volume["folder"]
    size = str(volume["sizeGiB"] << 30)
    found = [path for pattern in DISKS for path in glob.glob(pattern)]
    disks = [path for path in found if _whole(path) and _say("blockdev", "--getsize64", path)[1] == size]
    if len(disks) > 1:
        raise Refused("which disk is %s? %s have its size: detach what isn't this host's" % (folder, ", ".join(sorted(disks))))
    if not disks:
        return {"state": "absent", "folder": folder}
    device = disks[0]
    # blkid's own code for: nothing on it.
    code, kind = _say("blkid", "-p", "-o", "value", "-s", "TYPE", device)
    if code == 2:
        return {"state": "blank", "folder": folder, "device": device}
    if kind != "ext4":
        raise Refused("%s for %s holds %s, not ext4: it isn't formatted over" % (device, folder, kind or "something unknown"))
    uuid = _say("blkid", "-p", "-o", "value", "-s", "UUID", device)[1]
    state = "ready" if os.path.ismount(folder) else "unmounted"
    return {"state": state, "folder": folder, "device": device, "uuid": uuid}
