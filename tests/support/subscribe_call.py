#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Calls Camera.Subscribe and stays on the bus until its standard input ends: subscribe_call.py BUS
PATH FD [KEY=VALUE...]. What came of it goes over the socket FD: a line of JSON, with the descriptor
if there is one. A program of its own, so that it can be anybody, and die."""

import array
import json
import os
import socket
import sys

import dbus
import dbus.bus

NAME = "org.camward.Camward1"


def call(bus, path, options):
    proxy = bus.get_object(NAME, path, introspect=False)
    try:
        lease, fd = proxy.Subscribe(dbus.Dictionary(options, signature="sv"),
                                    dbus_interface=f"{NAME}.Camera", timeout=60)
    except dbus.DBusException as e:
        return {"error": e.get_dbus_name(), "sentence": e.get_dbus_message()}, []
    return {"lease": lease}, [fd.take()]


def main():
    bus, path, fd, *options = sys.argv[1:]
    connection = dbus.bus.BusConnection(bus)
    answer, fds = call(connection, path, dict(o.split("=", 1) for o in options))
    rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", fds))] if fds else []
    with socket.socket(fileno=int(fd)) as s:
        s.sendmsg([json.dumps(answer).encode()], rights)
    for one in fds:
        os.close(one)
    sys.stdin.read()
    connection.close()


main()
