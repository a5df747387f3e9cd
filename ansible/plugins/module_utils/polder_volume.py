"""The disk that a host keeps its data on."""
from __future__ import annotations

import glob
import os
import subprocess

from ansible.module_utils.polder_tree import Refused

# virtio gives the volume's id, cut to 20 characters, as the disk's serial number.
DISKS = "/dev/disk/by-id/virtio-*"


def _field(device, name):
    ran = subprocess.run(["lsblk", "-dnbo", name, device], capture_output=True, text=True, check=False)
    return ran.stdout.strip()


def find(volume):
    """The volume's disk and what is on it: absent, blank, ready."""
    folder = volume["folder"]
    disks = []
    for path in glob.glob(DISKS):
        if "-part" in path or _field(path, "TYPE") != "disk":
            continue
        has_parts = len(subprocess.run(["lsblk", "-no", "NAME", path], capture_output=True, text=True, check=False).stdout.split()) > 1
        if not has_parts and _field(path, "SIZE") == str(volume["sizeGiB"] << 30):
            disks.append(path)
    if len(disks) > 1:
        raise Refused("which disk is %s? %s have its size: detach what isn't this host's" % (folder, ", ".join(sorted(disks))))
    if not disks:
        return {"state": "absent", "folder": folder}
    device = disks[0]
    kind = subprocess.run(["blkid", "-p", "-o", "value", "-s", "TYPE", device], capture_output=True, text=True, check=False)
    if kind.returncode == 2:
        return {"state": "blank", "folder": folder, "device": device}
    if kind.stdout.strip() != "ext4":
        raise Refused("%s for %s holds %s, not ext4: it isn't formatted over" % (device, folder, kind.stdout.strip() or "something unknown"))
    uuid = subprocess.run(["blkid", "-p", "-o", "value", "-s", "UUID", device], capture_output=True, text=True, check=False).stdout.strip()
    state = "ready" if os.path.ismount(folder) else "unmounted"
    return {"state": state, "folder": folder, "device": device, "uuid": uuid}
