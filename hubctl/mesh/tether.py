"""Becomes another program that the kernel signals when its parent dies.

Run as `python -I -S tether.py PARENT SIGNAL USER PROGRAM ARGUMENT…`; an empty USER keeps ours. The
switch of user comes first: with it the kernel forgets the signal.
"""

import ctypes
import os
import pwd
import sys

PR_SET_PDEATHSIG = 1  # linux/prctl.h


def main(parent: int, signum: int, user: str, command: list[str]) -> None:
    """Turn into the command; ends with status 1 if the parent is gone already."""
    if user:
        entry = pwd.getpwnam(user)
        os.setgroups([])
        os.setgid(entry.pw_gid)
        os.setuid(entry.pw_uid)
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_PDEATHSIG, signum, 0, 0, 0):
        sys.exit(f"prctl: {os.strerror(ctypes.get_errno())}")
    if os.getppid() != parent:
        sys.exit("the parent is gone")
    os.execv(command[0], command)  # noqa: S606 - the supervisor chose the program


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4:])
