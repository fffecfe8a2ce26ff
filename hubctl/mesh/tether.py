"""Becomes another program that the kernel signals when its parent dies.

Run as `python -I -S tether.py GATE SIGNAL USER PROGRAM ARGUMENT…`. GATE is the number of an open
file: a byte in it says that the parent has made arrangements for its own death. An empty USER keeps
ours. The switch of user comes first: with it the kernel forgets the signal.
"""

import ctypes
import os
import pwd
import sys

PR_SET_PDEATHSIG = 1  # linux/prctl.h


def main(gate: int, signum: int, user: str, command: list[str]) -> None:
    """Turn into the command; ends with status 1 if the parent dies first."""
    if user:
        entry = pwd.getpwnam(user)
        os.setgroups([])
        os.setgid(entry.pw_gid)
        os.setuid(entry.pw_uid)
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_PDEATHSIG, signum, 0, 0, 0):
        sys.exit(f"prctl: {os.strerror(ctypes.get_errno())}")
    if not os.read(gate, 1):
        sys.exit("the parent is gone")
    os.close(gate)
    os.execv(command[0], command)  # noqa: S606 - the supervisor chose the program


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4:])
