"""Runs a program once and prints its CPU time in ms, its largest resident set in KiB, and the time it took in ms."""

import resource
import subprocess
import sys
import time

begun = time.monotonic()
subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL)
took = time.monotonic() - begun
used = resource.getrusage(resource.RUSAGE_CHILDREN)
cpu = used.ru_utime + used.ru_stime
print(f"{cpu * 1000:.1f} ms CPU, {used.ru_maxrss} KiB, {took * 1000:.0f} ms")
