# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the demo takes from the machine that it runs on: a build, a user, ports, a private bus."""

import os
import pathlib
import pwd
import socket
import subprocess
import sys

TOP = pathlib.Path(__file__).resolve().parents[2]

BUS_CONFIG = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <listen>unix:path={socket}</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow user="*"/>
    <allow own="*"/>
    <allow send_destination="*"/>
    <allow receive_sender="*"/>
    <deny own="org.freedesktop.PolicyKit1"/>
  </policy>
{authority}</busconfig>
"""


class DemoError(Exception):
    """Something the user can mend; the text says how."""


def authority():
    """Who may say what others may do, as on a system: root and polkit's own user."""
    known = {p.pw_name for p in pwd.getpwall()}
    return "".join(f'  <policy user="{user}"><allow own="org.freedesktop.PolicyKit1"/></policy>\n'
                   for user in ("root", "polkitd") if user in known)


def bus_config(path):
    """Of a bus on which everybody may say everything, but not for polkit."""
    return BUS_CONFIG.format(socket=path, authority=authority())


def run_as():
    """Whom the service runs as: oneself, or an unprivileged user when one is root."""
    if os.getuid() != 0:
        return None
    sudo = os.environ.get("SUDO_UID", "")
    uid = int(sudo) if sudo.isdigit() and sudo != "0" else None
    try:
        return pwd.getpwuid(uid) if uid else pwd.getpwnam("nobody")
    except KeyError:
        return pwd.getpwnam("nobody")


def build(chosen):
    """The directory with the binaries, brought up to date unless it was chosen by hand."""
    if chosen:
        if not (chosen / "service").is_dir():
            raise DemoError(f"--build {chosen}: there is no build in it")
        return chosen.resolve()
    directory = TOP / "build"
    if not os.access(directory if directory.exists() else TOP, os.W_OK):
        cache = pathlib.Path(os.environ.get("XDG_CACHE_HOME", pathlib.Path.home() / ".cache"))
        directory = cache / "camward" / "build"
        directory.parent.mkdir(parents=True, exist_ok=True)
    steps = [["ninja", "-C", str(directory)]]
    if not (directory / "build.ninja").exists():
        steps.insert(0, ["meson", "setup", str(directory), str(TOP)])
    for step in steps:
        print(f"demo: {' '.join(step[:2])} ...", flush=True)
        done = subprocess.run(step, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if done.returncode != 0:
            sys.stderr.write(done.stdout[-8000:])
            raise DemoError(f"the build failed ({' '.join(step)})")
    return directory


def listen(address, port, what):
    s = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        s.bind((address, port))
    except OSError as e:
        raise DemoError(f"{address}, port {port} for {what}, is taken or not permitted ({e.strerror}):"
                        f" choose another with --{what}-port") from e
    s.listen(128)
    return s
