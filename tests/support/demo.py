#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The demo's launcher: what systemd does on a device, done on loopback by one parent process.

The parent holds the listening sockets and, for each camera and for the gate, one end of a socket
pair ("port") whose other end the broker inherited. For each run of a camera process or of the gate
it makes a fresh link and hands the broker's end through that port: identity is what was inherited,
so a process that crashed can be started again without anybody being able to take its place.
"""

import signal
if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # until there is something to stop

import errno
import fcntl
import json
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import time

from demo_greeting import greeting
from demo_host import DemoError, build, bus_config, listen, run_as
from demo_options import camera_names, parse_arguments
from demo_process import Port, Process

TOP = pathlib.Path(__file__).resolve().parents[2]
PARENT = os.getpid()
START_TIMEOUT = 30.0
CLIENTS = ("owner", "guest", "stranger")
LOOPBACK = "127.0.0.0/8,::1"


class Demo:
    def __init__(self, arguments, user):
        self.arguments = arguments
        self.user = user
        self.names = camera_names(arguments.cameras)
        self.temporary = None
        self.processes = {}
        self.ports = {}
        self.stopping = False

    def prepare(self, binaries):
        if self.arguments.dir:
            self.directory = self.claim(self.arguments.dir.resolve())
        else:
            self.temporary = tempfile.mkdtemp(prefix="camward-demo-")
            self.directory = pathlib.Path(self.temporary)
            self.directory.chmod(0o755)
        self.state = self.own("state")
        self.config = self.own("config")
        self.watching = self.own("watching")
        self.runtime = self.own("run")
        self.bin = self.install(binaries)
        self.ctl = binaries / "service/ctl/camwardctl"
        self.view = binaries / "service/view/camward-view"
        self.bus = f"unix:path={self.runtime / 'bus'}"

    def claim(self, directory):
        """A directory of the user's, which no other demo uses meanwhile."""
        try:
            directory.mkdir(parents=True, exist_ok=True)
            self.lock = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
            fcntl.flock(self.lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise DemoError(f"--dir {directory}: another demo uses it; stop that first") from None
        except OSError as e:
            raise DemoError(f"--dir {directory}: {e.strerror}") from e
        if not os.access(directory, os.W_OK):
            raise DemoError(f"--dir {directory}: {os.strerror(errno.EACCES)}")
        return directory

    def own(self, name):
        path = self.directory / name
        path.mkdir(mode=0o700, exist_ok=True)
        if self.user:
            os.chown(path, self.user.pw_uid, self.user.pw_gid)
        return path

    def install(self, binaries):
        """The binaries where the service's user can reach them: root's checkout may be closed."""
        found = {"camwardd": "service/broker/camwardd", "camward-gate": "service/session/camward-gate",
                 "camward-camera": "service/camera/camward-camera"}
        if not self.user:
            return {name: str(binaries / path) for name, path in found.items()}
        directory = self.directory / "bin"
        directory.mkdir(mode=0o755, exist_ok=True)
        for name, path in found.items():
            target = directory / name
            target.unlink(missing_ok=True)
            shutil.copy(binaries / path, target)
            target.chmod(0o755)
        return {name: str(directory / name) for name in found}

    def readable(self, path):
        """A copy of a clip that the service's user can open."""
        if not self.user:
            return path
        target = self.directory / "bin" / pathlib.Path(path).name
        shutil.copy(path, target)
        target.chmod(0o644)
        return str(target)

    # -- processes ------------------------------------------------------------------------------

    def spawn(self, command, pass_fds=(), environment=None, stdout=None):
        env = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8",
               "DBUS_SYSTEM_BUS_ADDRESS": self.bus}
        for name in ("TZ", "CAMWARD_LOG_LEVEL", "CAMWARD_FAULT", "ASAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS",
                     "LSAN_OPTIONS"):
            if name in os.environ:
                env[name] = os.environ[name]
        env.update(environment or {})
        options = {}
        if self.user:
            groups = []
            if self.arguments.source.startswith("v4l2:"):
                groups = [os.stat(s.partition(":")[2]).st_gid for s in self.arguments.sources]
            options = {"user": self.user.pw_uid, "group": self.user.pw_gid, "extra_groups": groups}
        # Whatever ends this parent ends what it started.
        command = ["setpriv", "--pdeathsig", "TERM", *command]
        return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=stdout, env=env,
                                pass_fds=pass_fds, cwd="/", start_new_session=True, **options)

    def start_bus(self):
        config = self.runtime / "bus.conf"
        config.write_text(bus_config(self.runtime / "bus"))
        if self.user:
            os.chown(config, self.user.pw_uid, self.user.pw_gid)
            self.runtime.chmod(0o755)
        return self.spawn(["dbus-daemon", f"--config-file={config}", "--nofork", "--nopidfile"])

    def start_broker(self):
        for port in self.ports.values():
            port.close()
        self.ports = {name: Port() for name in self.names}
        self.ports[""] = Port()
        command = [self.bin["camwardd"], "--state-directory", str(self.state),
                   "--config-directory", str(self.config),
                   "--watching-directory", str(self.watching),
                   "--metrics-socket", str(self.state / "metrics.socket")]
        for name in self.names:
            command += ["--camera", f"{name}={self.ports[name].broker.fileno()}"]
        command += ["--gate", str(self.ports[""].broker.fileno())]
        popen = self.spawn(command, [p.broker.fileno() for p in self.ports.values()])
        for port in self.ports.values():
            port.broker.close()
        return popen

    def start_camera(self, name, source):
        def start():
            link = self.ports[name].link()
            command = [self.bin["camward-camera"], "--name", name, "--link-fd", str(link.fileno()),
                       "--source", source, "--encoder", self.arguments.encoder,
                       "--converter", self.arguments.converter, "--card", self.arguments.card]
            popen = self.spawn(command, [link.fileno()])
            link.close()
            return popen
        return start

    def start_gate(self):
        # As socket activation has it: descriptors from 3 on, LISTEN_PID the process itself.
        link = self.ports[""].link()
        fds = [self.rtsps.fileno(), self.https.fileno(), link.fileno()]
        script = ('i=3; for fd in $FDS; do eval "exec $i<&$fd $fd<&-"; i=$((i+1)); done; unset FDS;'
                  ' LISTEN_PID=$$ exec "$@"')
        # The shell cannot move a descriptor onto one that is still to be moved: lift them first.
        high = [os.dup2(fd, 100 + i) and 100 + i for i, fd in enumerate(fds)]
        command = [self.bin["camward-gate"], "--broker-fd", "5"]
        if not self.arguments.penalties:
            command += ["--penalty-exempt", LOOPBACK]
        popen = self.spawn(["bash", "-c", script, "gate", *command],
                           high, {"FDS": " ".join(map(str, high)), "LISTEN_FDS": "2",
                                  "LISTEN_FDNAMES": "rtsps:https"})
        for fd in high:
            os.close(fd)
        link.close()
        return popen

    def write_configuration(self):
        cameras = self.config / "camera.d"
        cameras.mkdir(mode=0o755, exist_ok=True)
        for name in self.names:
            (cameras / f"{name}.conf").write_text(
                f"[camera]\nsize={self.arguments.size}\nfps={self.arguments.fps}\n")
        if self.user:
            self.config.chmod(0o755)

    def start(self):
        self.write_configuration()
        self.rtsps = listen(self.arguments.listen, self.arguments.rtsps_port, "rtsps")
        self.https = listen(self.arguments.listen, self.arguments.https_port, "https")
        sources = self.arguments.sources
        if self.arguments.source.startswith("clip:"):
            copy = "clip:" + self.readable(sources[0].partition(":")[2])
            sources = [copy] * len(sources)
        self.processes["bus"] = Process("bus", self.start_bus)
        self.processes["broker"] = Process("broker", self.start_broker)
        for name, source in zip(self.names, sources):
            self.processes[name] = Process(f"camera {name}", self.start_camera(name, source))
        self.processes["gate"] = Process("gate", self.start_gate)

        self.processes["bus"].run()
        self.await_(lambda: (self.runtime / "bus").exists(), "the private bus")
        for key, process in self.processes.items():
            if key != "bus":
                process.run()
        self.await_(self.ready, "the broker")
        self.await_(self.accepts, "the gate")

    def await_(self, condition, what):
        end = time.monotonic() + START_TIMEOUT
        while not condition():
            for process in self.processes.values():
                if process.popen and process.popen.poll() is not None:
                    raise DemoError(f"the {process.name} ended ({process.died()}); see its message")
            if time.monotonic() > end:
                raise DemoError(f"{what} did not come up within {START_TIMEOUT:.0f} s")
            time.sleep(0.05)

    def control(self, *arguments, check=True):
        env = dict(os.environ, DBUS_SYSTEM_BUS_ADDRESS=self.bus)
        done = subprocess.run([str(self.ctl), *arguments], env=env, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        if check and done.returncode != 0:
            raise DemoError(f"camwardctl {' '.join(arguments)}: {done.stderr.strip()}")
        return done.stdout if done.returncode == 0 else None

    def ready(self):
        status = self.control("status", "--json", check=False)
        if not status:
            return False
        cameras = json.loads(self.control("cameras", "--json"))["cameras"]
        return all(c["condition"] != "absent" for c in cameras if c["name"] in self.names)

    def accepts(self):
        # The gate listens from the start; it greets once it has the server's certificate.
        import ssl
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        try:
            address = (self.host(), self.rtsps.getsockname()[1])
            with socket.create_connection(address, timeout=2) as s:
                s.settimeout(2)
                with context.wrap_socket(s):
                    return True
        except OSError:
            return False

    def host(self):
        return "127.0.0.1" if self.arguments.listen == "0.0.0.0" else self.arguments.listen

    # -- what the user gets ---------------------------------------------------------------------

    def clients(self):
        """Names and tokens; made at the first start, kept in the state directory for the next.
        Each grant is made once: what was revoked in between stays revoked."""
        path = self.state / "demo-clients.json"
        if path.exists():
            known = json.loads(path.read_text())
        else:
            known = {}
        there = {c["name"] for c in json.loads(self.control("clients", "--json"))["clients"]}
        for name in CLIENTS:
            if name not in known or name not in there:
                known[name] = json.loads(self.control("client", "add", name, "--json"))["token"]
                known.pop(f"{name} granted", None)
        for client, cameras in (("owner", self.names), ("guest", self.names[:1])):
            granted = known.setdefault(f"{client} granted", [])
            for camera in cameras:
                if camera not in granted:
                    self.control("grant", client, camera, "live,still")
                    granted.append(camera)
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as f:
            json.dump(known, f)
        return known

    def describe(self, tokens):
        status = json.loads(self.control("status", "--json"))
        certificate = self.directory / "server.pem"
        certificate.write_text(status["server_certificate"])
        root = None
        if status.get("seal_root"):
            root = self.directory / "seal-root.pem"
            root.write_text(status["seal_root"])
        cameras = json.loads(self.control("cameras", "--json"))["cameras"]
        by_name = {c["name"]: c for c in cameras}
        return {
            "bus": self.bus,
            "host": self.host(),
            "rtsps_port": self.rtsps.getsockname()[1],
            "https_port": self.https.getsockname()[1],
            "server_cert": str(certificate),
            "spki_sha256": status["fingerprint"],
            "seal_root": str(root) if root else None,
            "cameras": [{"name": n, "uuid": by_name[n]["uuid"]} for n in self.names],
            "clients": [{"name": n, "token": tokens[n], "cert": None, "key": None} for n in CLIENTS],
            "pids": self.pids(),
        }

    def pids(self):
        def pid(key):
            popen = self.processes[key].popen
            return popen.pid if popen else None
        return {"broker": pid("broker"), "gate": pid("gate"),
                "cameras": [pid(name) for name in self.names]}

    def write_json(self, description):
        if not self.arguments.json:
            return
        partial = self.arguments.json.with_name(self.arguments.json.name + ".new")
        with open(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as f:
            json.dump(description, f, indent=2)
            f.write("\n")
        partial.replace(self.arguments.json)

    # -- life -----------------------------------------------------------------------------------

    def serve(self):
        tokens = self.clients()
        description = self.describe(tokens)
        self.write_json(description)
        print(greeting(self, description), flush=True)
        while not self.stopping:
            time.sleep(0.1)
            if self.supervise():
                description["pids"] = self.pids()
                self.write_json(description)

    def supervise(self):
        """Notices who died and starts them again. Returns whether anything changed."""
        changed = False
        for key, process in self.processes.items():
            how = process.died()
            if how:
                if key == "bus":
                    raise DemoError(f"the private bus ended ({how})")
                print(f"demo: the {process.name} ended ({how}); it is started again", flush=True)
                changed = True
            broker = self.processes["broker"]
            if not process.popen and time.monotonic() >= process.due and \
                    (key == "broker" or broker.popen):
                try:
                    process.run()
                    changed = True
                except OSError:  # the broker has just gone: its port is closed
                    process.due = time.monotonic() + process.delay
        return changed

    def stop(self):
        """The broker first: it tells the sessions, so that leases end in order."""
        for key in ("broker", "gate", *self.names, "bus"):
            process = self.processes.get(key)
            if process and process.popen and process.popen.poll() is None:
                process.popen.terminate()
                try:
                    process.popen.wait(3)
                except subprocess.TimeoutExpired:
                    process.popen.kill()
                    process.popen.wait()
        if self.temporary:
            shutil.rmtree(self.temporary, ignore_errors=True)


def catch(what):
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, what)


def main():
    arguments = parse_arguments()
    demo = Demo(arguments, run_as())

    def interrupted(number, frame):
        catch(signal.SIG_IGN)  # one is enough, and stopping is not to be interrupted
        demo.stopping = True
        raise KeyboardInterrupt

    try:
        catch(interrupted)
        demo.prepare(build(arguments.build))
        demo.start()
        demo.serve()
    except KeyboardInterrupt:
        pass
    except DemoError as e:
        print(f"demo: {e}", file=sys.stderr)
        return 1
    finally:
        catch(signal.SIG_IGN)
        demo.stop()
    print("\ndemo: stopped; nothing is left behind" if not arguments.dir
          else "\ndemo: stopped", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
