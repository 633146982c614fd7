#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""cri_stream.py URL: the streams of the CRI's Exec or Attach, as `crictl exec -it` has them: a WebSocket (RFC 6455) with Kubernetes' subprotocol
v4.channel.k8s.io, whose messages begin with a channel: 0 stdin, 1 stdout, 2 stderr, 3 the status at the end, 4 the terminal's size.
Exits with the program's exit code. On a terminal it is raw, and its changes of size are passed on."""
import base64
import contextlib
import json
import os
import select
import signal
import socket
import struct
import sys
import termios
import tty
import urllib.parse

STDIN, STDOUT, STDERR, STATUS, RESIZE = range(5)
BINARY, CLOSE = 2, 8


class Channel:
    def __init__(self, url):
        at = urllib.parse.urlsplit(url)
        self.socket = socket.create_connection((at.hostname, at.port))
        key = base64.b64encode(os.urandom(16)).decode()
        self.socket.sendall((f"GET {at.path}?{at.query} HTTP/1.1\r\nHost: {at.netloc}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                             f"Origin: http://{at.netloc}\r\nSec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n"
                             "Sec-WebSocket-Protocol: v4.channel.k8s.io\r\n\r\n").encode())
        self.data = b""
        while b"\r\n\r\n" not in self.data:
            self.more()
        head, self.data = self.data.split(b"\r\n\r\n", 1)
        if b" 101 " not in head.split(b"\r\n")[0]:
            sys.exit(head.decode(errors="replace"))

    def more(self):
        data = self.socket.recv(65536)
        if not data:
            raise EOFError
        self.data += data

    def send(self, channel, data):
        payload, mask = bytes([channel]) + data, os.urandom(4)
        size = bytes([128 | len(payload)]) if len(payload) < 126 else b"\xfe" + struct.pack(">H", len(payload))
        self.socket.sendall(bytes([128 | BINARY]) + size + mask + bytes(b ^ mask[i % 4] for i, b in enumerate(payload)))

    def take(self, size):
        while len(self.data) < size:
            self.more()
        taken, self.data = self.data[:size], self.data[size:]
        return taken

    def receive(self):
        """(opcode, payload) of the next frame"""
        first, length = self.take(2)
        if length == 126:
            length = struct.unpack(">H", self.take(2))[0]
        elif length == 127:
            length = struct.unpack(">Q", self.take(8))[0]
        return first & 15, self.take(length)


def send_size(channel):
    size = os.get_terminal_size(0)
    channel.send(RESIZE, json.dumps({"Width": size.columns, "Height": size.lines}).encode())


def exit_code(status):
    if status.get("status") == "Success":
        return 0
    for cause in status.get("details", {}).get("causes", []):
        if cause.get("reason") == "ExitCode":
            return int(cause["message"])
    print(status.get("message", status), file=sys.stderr)
    return 126


def streams(channel):
    """Until the end; the exit code."""
    status, reads = {"message": "the stream ended without a status"}, [0, channel.socket]
    while True:
        ready = [channel.socket] if channel.data else select.select(reads, [], [])[0]
        if 0 in ready:
            data = os.read(0, 16384)
            if data:
                channel.send(STDIN, data)
            else:
                reads.remove(0)  # this version of the protocol has no word for it
        if channel.socket not in ready:
            continue
        try:
            opcode, payload = channel.receive()
        except (EOFError, ConnectionError):
            return exit_code(status)
        if opcode == CLOSE:
            return exit_code(status)
        if payload[:1] in (b"\1", b"\2"):
            os.write(payload[0], payload[1:])
        elif payload[:1] == b"\3" and len(payload) > 1:
            status = json.loads(payload[1:])


def main():
    channel = Channel(sys.argv[1])
    with contextlib.ExitStack() as at_end:
        if os.isatty(0):
            at_end.callback(termios.tcsetattr, 0, termios.TCSADRAIN, termios.tcgetattr(0))
            tty.setraw(0)
            signal.signal(signal.SIGWINCH, lambda *_: send_size(channel))
            send_size(channel)
        code = streams(channel)
    sys.exit(code)


if __name__ == "__main__":
    main()
