"""The disk that a host keeps its data on."""
from __future__ import annotations

import glob
import os
import struct
import subprocess

from ansible.module_utils.polder_refused import Refused

# Disks that are volumes, by their serial numbers: virtio gives the volume's id, cut to 20 characters;
# Hetzner Cloud its number, as its API's `linux_device` says. A system's own disk has neither.
DISKS = ("/dev/disk/by-id/virtio-*", "/dev/disk/by-id/scsi-0HC_Volume_*")


def _say(*command):
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    return ran.returncode, ran.stdout.strip()


def _whole(path):
    """No partition, and not cut into some."""
    return "-part" not in path and not glob.glob(path + "-part*")


def file_system_bytes(device):
    """The size of the ext4 file system on a device, by its own superblock (ext4(5), struct ext4_super_block)."""
    with open(device, "rb") as disk:
        disk.seek(1024)
        block = disk.read(1024)
    low, log_size = struct.unpack_from("<I", block, 4)[0], struct.unpack_from("<I", block, 24)[0]
    # Feature 0x80, 64bit: the upper half of the count counts, too.
    wide = struct.unpack_from("<I", block, 96)[0] & 0x80
    high = struct.unpack_from("<I", block, 0x150)[0] if wide else 0
    return (high << 32 | low) << (10 + log_size)


def mounted_from(folder):
    """The disk that is mounted at a folder, or None."""
    return os.path.realpath(_say("findmnt", "-no", "SOURCE", folder)[1]) if os.path.ismount(folder) else None


def size_of(device):
    return int(_say("blockdev", "--getsize64", device)[1] or 0)


def find(volume, disks=DISKS):
    """The volume's disk and what is on it: absent, blank, unmounted, grown, ready.

    What is mounted at the folder is the volume, whatever its size: it may have grown, or not yet.
    """
    folder, wanted = volume["folder"], volume["sizeGiB"] << 30
    there = [path for pattern in disks for path in glob.glob(pattern) if _whole(path)]
    mounted = mounted_from(folder)
    found = [path for path in there if os.path.realpath(path) == mounted] or [path for path in there if size_of(path) == wanted]
    if len(found) > 1:
        raise Refused("which disk is %s? %s have its size: detach what isn't this host's" % (folder, ", ".join(sorted(found))))
    if not found:
        seen = ["%s of %d GiB" % (os.path.basename(path), size_of(path) >> 30) for path in sorted(there)]
        return {"state": "absent", "folder": folder, "wantedGiB": wanted >> 30, "seen": seen}
    device = found[0]
    size = size_of(device)
    # blkid's own code for: nothing on it.
    code, kind = _say("blkid", "-p", "-o", "value", "-s", "TYPE", device)
    if code == 2:
        return {"state": "blank", "folder": folder, "device": device}
    if kind != "ext4":
        raise Refused("%s for %s holds %s, not ext4: it isn't formatted over" % (device, folder, kind or "something unknown"))
    uuid = _say("blkid", "-p", "-o", "value", "-s", "UUID", device)[1]
    result = {"folder": folder, "device": device, "uuid": uuid, "sizeGiB": size >> 30, "wantedGiB": wanted >> 30}
    if mounted is None:
        return {**result, "state": "unmounted"}
    # A file system ends at a whole block: less than one is no growth.
    return {**result, "state": "grown" if size - file_system_bytes(device) >= 1 << 20 else "ready"}
