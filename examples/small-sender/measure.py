"""Runs a program and prints its CPU time, its largest resident set and the time it took.

Both are read from /proc while it runs, every millisecond: what wait(2) tells counts this interpreter's memory too, as
that of the process before it became the program.
"""

import glob
import subprocess
import sys
import time


def look(pid):
    """Nanoseconds on a processor, of all threads, and KiB at most resident."""
    nanoseconds = 0
    for task in glob.glob(f"/proc/{pid}/task/*/schedstat"):
        with open(task) as file:
            nanoseconds += int(file.read().split()[0])
    with open(f"/proc/{pid}/status") as file:
        resident = [int(line.split()[1]) for line in file if line.startswith("VmHWM")]
    return nanoseconds, resident[0]


begun = time.monotonic()
child = subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL)
nanoseconds, resident = 0, 0
while child.poll() is None:
    try:
        nanoseconds, resident = map(max, (nanoseconds, resident), look(child.pid))
    except (OSError, IndexError):
        pass
    time.sleep(0.001)
took = time.monotonic() - begun
if child.returncode != 0:
    sys.exit(f"it ended with status {child.returncode}")
print(f"{nanoseconds / 1e6:.1f} ms CPU, {resident} KiB, {took * 1000:.0f} ms")
