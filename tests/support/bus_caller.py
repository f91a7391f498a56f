#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Calls the service over D-Bus and says when the reply came; can be the agent, too.

    with bus_caller.Caller(demo.info["bus"]) as bus:
        reply = bus.call("", "Manager", "Suspend", "sss", "all", "", "because")
        reply.values, reply.at_ns           # CLOCK_REALTIME, read as soon as the reply is there
        bus.be_agent()                      # from now on it says yes, at once, to everything

The calls are made by a process of their own, which has nothing else to do: this file, run by the
distribution's interpreter, to which python-dbus belongs.
"""

import json
import os
import subprocess
import sys
import time

NAME = "org.camward.Camward1"
PATH = "/org/camward/Camward1"


class CallFailed(Exception):
    """name: the error's, without the service's prefix."""

    def __init__(self, name, text):
        super().__init__(f"{name}: {text}")
        self.name = name.removeprefix(NAME + ".Error.")


class Reply:
    def __init__(self, values, called_ns, at_ns):
        self.values, self.called_ns, self.at_ns = values, called_ns, at_ns


class Caller:
    def __init__(self, bus):
        self.bus = bus
        self.popen = None

    def __enter__(self):
        self.popen = subprocess.Popen(
            ["/usr/bin/python3", __file__], text=True, stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, env=dict(os.environ, DBUS_SYSTEM_BUS_ADDRESS=self.bus))
        return self

    def __exit__(self, *_):
        self.popen.stdin.close()
        self.popen.wait(20)
        self.popen.stdout.close()

    def kill(self):
        """Without leave; when that was, CLOCK_REALTIME ns."""
        at_ns = time.time_ns()
        self.popen.kill()
        return at_ns

    def ask(self, order):
        self.popen.stdin.write(json.dumps(order) + "\n")
        self.popen.stdin.flush()
        answer = json.loads(self.popen.stdout.readline())
        if "error" in answer:
            raise CallFailed(*answer["error"])
        return Reply(answer["values"], answer["called_ns"], answer["at_ns"])

    def call(self, path, interface, method, signature="", *arguments):
        """path: below the service's. A dictionary's values are (signature, value)."""
        return self.ask({"path": PATH + path, "interface": f"{NAME}.{interface}",
                         "method": method, "signature": signature, "arguments": arguments})

    def be_agent(self):
        return self.ask({"agent": True})


# What follows runs in the process of its own.

def serve():
    import dbus
    import dbus.mainloop.glib
    import dbus.service
    from gi.repository import GLib

    class Agent(dbus.service.Object):
        @dbus.service.method(NAME + ".Agent", in_signature="tssoss", out_signature="b")
        def Ask(self, _lease, _client, _camera, _grant, _right, _peer):
            return True

        @dbus.service.method(NAME + ".Agent", in_signature="t")
        def Cancel(self, _lease):
            pass

    types = {"t": dbus.UInt64, "s": dbus.String, "b": dbus.Boolean}

    def typed(value):
        return {k: types[t](v) for k, (t, v) in value.items()} if isinstance(value, dict) else value

    def plain(value):
        if isinstance(value, (list, tuple)):
            return [plain(v) for v in value]
        return int(value) if isinstance(value, int) else str(value)

    def call(connection, order):
        if "agent" in order:
            order = {"path": PATH, "interface": NAME + ".Manager", "method": "RegisterAgent",
                     "signature": "o", "arguments": ["/agent"]}
        called = time.time_ns()
        try:
            values = connection.call_blocking(
                NAME, order["path"], order["interface"], order["method"], order["signature"],
                [typed(a) for a in order["arguments"]], timeout=60)
        except dbus.DBusException as error:
            return {"error": [error.get_dbus_name(), error.get_dbus_message()]}
        at = time.time_ns()
        if not isinstance(values, tuple):
            values = () if values is None else (values,)
        return {"values": plain(values), "called_ns": called, "at_ns": at}

    def on_order(channel, condition):
        line = sys.stdin.readline()
        if not line:
            loop.quit()
            return False
        print(json.dumps(call(connection, json.loads(line))), flush=True)
        return True

    dbus.mainloop.glib.DBusGMainLoop(set_as_default=True)
    connection = dbus.SystemBus()
    Agent(connection, "/agent")
    loop = GLib.MainLoop()
    GLib.io_add_watch(0, GLib.IO_IN | GLib.IO_HUP, on_order)
    loop.run()


if __name__ == "__main__":
    serve()
