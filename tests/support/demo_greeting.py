# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the demo tells whoever has started it."""

import os


def is_jpeg(source):
    """Whether the clip is one; JPEG over RTSP carries no proof."""
    kind, _, path = source.partition(":")
    if kind != "clip":
        return False
    with open(path, "rb") as clip:
        return clip.read(2) == b"\xff\xd8"


def greeting(demo, d):
    """What to try, in lines. d: the demo's description of itself."""
    owner = d["clients"][0]["token"]
    url = f"rtsps://owner:{owner}@{d['host']}:{d['rtsps_port']}"
    ctl, view = (os.path.relpath(p) if str(p).startswith(os.getcwd()) else p
                 for p in (demo.ctl, demo.view))
    lines = ["", f"camward is serving {len(demo.names)} camera(s) on {demo.arguments.listen}."
                 " Ctrl-C stops it.", "", "Watch (as the client 'owner', who may see all):"]
    lines += [f"  ffplay -rtsp_transport tcp {url}/{name}" for name in demo.names[:3]]
    lines += [f"  gst-launch-1.0 rtspsrc location={url}/{demo.names[0]}"
              " tls-validation-flags=0 latency=100 ! decodebin ! videoconvert ! autovideosink",
              "      (ffplay: package ffmpeg; gst-launch-1.0: gstreamer1.0-tools, -plugins-good, -plugins-bad,"
              " -libav, -x)",
              ""]
    if not is_jpeg(demo.arguments.sources[0]):
        lines += ["Watch only what is proven (without --exec it checks, counts and shows nothing):",
                  f"  {view} --pin sha256/{d['spki_sha256']} --seal-root {d['seal_root']}"
                  f" --exec 'ffplay -loglevel error -f h264 -' {url}/{demo.names[0]}", ""]
    lines += ["Control (in another terminal):",
              f"  export DBUS_SYSTEM_BUS_ADDRESS={d['bus']}",
              f"  {ctl} status",
              f"  {ctl} leases                # who is watching",
              f"  {ctl} revoke owner {demo.names[0]}    # ends it at once",
              f"  {ctl} invite kim {demo.names[0]}    # all that Kim has to know", "",
              f"'guest' may see {demo.names[0]} only, 'stranger' nothing; their tokens:"]
    lines += [f"  {c['name']:<9}{c['token']}" for c in d["clients"][1:]]
    return "\n".join(lines)
