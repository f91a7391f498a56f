#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Runs real players (ffmpeg, ffprobe, gst-launch-1.0) against a URL, with time limits, and reads
the coded pictures of what they decode.

    result = players.ffmpeg(players.url(demo, "front", "owner"), frames=60)
    result.ok, result.tally["tags"], result.returncode, result.timed_out, result.stderr

A player that reaches its time limit is killed; what it had decoded until then counts.
"""

import argparse
import dataclasses
import json
import os
import subprocess
import sys
import tempfile
import threading
import time

import coded_picture

SIZE = (1280, 720)
TIME_LIMIT = 20.0


@dataclasses.dataclass
class Result:
    command: list
    returncode: int           # negative: the signal that ended it
    timed_out: bool           # killed at the time limit
    stderr: str
    seconds: float
    first_frame: float = None  # seconds from the start of the process to its first decoded frame
    tally: dict = None         # coded_picture.Tally.result()

    @property
    def ok(self):
        """Ended by itself, successfully, with frames that all carried a valid code."""
        return (self.returncode == 0 and not self.timed_out and self.tally["frames"] > 0
                and self.tally["crc_errors"] == 0)


def url(demo, camera, client, path=""):
    """rtsps:// URL with credentials; demo: the demo's JSON."""
    token = next(c["token"] for c in demo["clients"] if c["name"] == client)
    host = f"[{demo['host']}]" if ":" in demo["host"] else demo["host"]
    return f"rtsps://{client}:{token}@{host}:{demo['rtsps_port']}/{camera}{path}"


def _decode(command, size, pixels, time_limit, input_data=None):
    """command: a function that gives the argv for the descriptor to write frames to."""
    read_end, write_end = os.pipe()
    started = time.monotonic()
    with tempfile.TemporaryFile() as errors, open(read_end, "rb", buffering=0) as frames:
        argv = command(write_end)
        stdin = subprocess.DEVNULL if input_data is None else subprocess.PIPE
        process = subprocess.Popen(argv, stdin=stdin, stdout=subprocess.DEVNULL, stderr=errors,
                                   pass_fds=(write_end,))
        os.close(write_end)
        killed = threading.Event()

        def kill():
            killed.set()
            process.kill()

        timer = threading.Timer(time_limit, kill)
        timer.start()
        if input_data is not None:
            threading.Thread(target=_feed, args=(process, input_data), daemon=True).start()
        times = []
        try:
            tally = coded_picture.read_stream(frames, *size, pixels,
                                              lambda _: times or times.append(time.monotonic()))
            process.wait()
        finally:
            timer.cancel()
            process.kill()
            process.wait()
        errors.seek(0)
        return Result(argv, process.returncode, killed.is_set(),
                      errors.read().decode(errors="replace"), time.monotonic() - started,
                      times[0] - started if times else None, tally.result())


def _feed(process, data):
    try:
        with process.stdin:
            process.stdin.write(data)
    except BrokenPipeError:
        pass


def _ffmpeg_output(frames, fd, enlarge=None):
    limit = [] if frames is None else ["-frames:v", str(frames)]
    scale = ["-vf", f"scale={enlarge[0]}:{enlarge[1]}:flags=neighbor"] if enlarge else []
    return ["-map", "0:v:0", *limit, *scale, "-fps_mode", "passthrough", "-pix_fmt", "gray",
            "-f", "rawvideo", "-y", f"pipe:{fd}"]


def ffmpeg(source, frames=60, size=SIZE, time_limit=TIME_LIMIT, options=(), enlarge=False):
    """options: further ones for the input, such as ("-reorder_queue_size", "0"). enlarge: what
    comes is smaller than size, of which the code is."""
    transport = ["-rtsp_transport", "tcp"] if source.startswith("rtsp") else []
    return _decode(lambda fd: ["ffmpeg", "-nostdin", "-v", "error", *transport, *options,
                               "-i", source,
                               *_ffmpeg_output(frames, fd, size if enlarge else None)],
                   size, "gray", time_limit)


def decode_annexb(data, size=SIZE, time_limit=TIME_LIMIT):
    """Decodes an H.264 byte stream that a test received by itself."""
    return _decode(lambda fd: ["ffmpeg", "-v", "error", "-f", "h264", "-i", "pipe:0",
                               *_ffmpeg_output(None, fd)],
                   size, "gray", time_limit, data)


H264 = ("rtph264depay", "!", "h264parse", "!", "avdec_h264")
MJPEG = ("rtpjpegdepay", "!", "jpegdec")


def enlarged(size, decoder=H264):
    """As `enlarge` of ffmpeg()."""
    return (*decoder, "!", "videoscale", "method=nearest-neighbour", "!",
            f"video/x-raw,width={size[0]},height={size[1]}")


def gstreamer(source, frames=60, size=SIZE, time_limit=TIME_LIMIT, properties=(), decoder=H264):
    """With rtspsrc's default protocols: UDP is tried first. properties: further ones of rtspsrc;
    decoder: H264 or MJPEG. Its identity element ends the stream after so many decoded frames."""
    def command(fd):
        limit = [] if frames is None else ["identity", f"eos-after={frames + 1}", "!"]
        return ["gst-launch-1.0", "-q", "rtspsrc", f"location={source}",
                "tls-validation-flags=0", *properties, "!", *decoder, "!",
                "videoconvert", "!", "video/x-raw,format=I420", "!",
                *limit, "fdsink", f"fd={fd}", "sync=false"]
    return _decode(command, size, "i420", time_limit)


def record_mjpeg(player, source, frames, path, time_limit=TIME_LIMIT):
    """The JPEG pictures as a player ("ffmpeg", "gstreamer") puts them together, not decoded."""
    argv = {"ffmpeg": ["ffmpeg", "-nostdin", "-v", "error", "-rtsp_transport", "tcp", "-i", source,
                       "-c", "copy", "-frames:v", str(frames), "-f", "mjpeg", "-y", str(path)],
            "gstreamer": ["gst-launch-1.0", "-q", "rtspsrc", f"location={source}",
                          "tls-validation-flags=0", "!", "rtpjpegdepay", "!", "identity",
                          f"eos-after={frames + 1}", "!", "filesink", f"location={path}"]}
    subprocess.run(argv[player], stdin=subprocess.DEVNULL, check=True, timeout=time_limit)


def ffprobe(source, time_limit=TIME_LIMIT):
    """(streams as ffprobe's JSON has them, Result without a tally)."""
    transport = ["-rtsp_transport", "tcp"] if source.startswith("rtsp") else []
    argv = ["ffprobe", "-v", "error", *transport, "-show_streams", "-of", "json", source]
    started = time.monotonic()
    process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE)
    try:
        out, errors = process.communicate(timeout=time_limit)
        timed_out = False
    except subprocess.TimeoutExpired:
        process.kill()
        out, errors = process.communicate()
        timed_out = True
    try:
        streams = json.loads(out).get("streams", [])
    except ValueError:
        streams = []
    return streams, Result(argv, process.returncode, timed_out, errors.decode(errors="replace"),
                           time.monotonic() - started)


def main():
    parser = argparse.ArgumentParser(description="Run a player against a URL and read the coded "
                                     "pictures that it decodes; prints JSON.")
    parser.add_argument("player", choices=("ffmpeg", "ffprobe", "gstreamer"))
    parser.add_argument("url")
    parser.add_argument("--size", type=coded_picture.parse_size, default=SIZE, metavar="WxH")
    parser.add_argument("--frames", type=int, default=60)
    parser.add_argument("--time-limit", type=float, default=TIME_LIMIT, metavar="SECONDS")
    args = parser.parse_args()
    if args.player == "ffprobe":
        streams, result = ffprobe(args.url, args.time_limit)
        good = result.returncode == 0 and bool(streams)
        answer = {"streams": streams}
    else:
        result = globals()[args.player](args.url, args.frames, args.size, args.time_limit)
        good, answer = result.ok, {}
    answer.update(dataclasses.asdict(result))
    del answer["command"]  # it holds the token
    json.dump(answer, sys.stdout, indent=2)
    print()
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
