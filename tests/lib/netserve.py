# SPDX-License-Identifier: Apache-2.0
"""Serves TCP and UDP on ADDRESS:PORT..., and writes what arrives, a line each ("udp ADDRESS PORT TEXT"), to a file.

Usage: netserve.py LOG ADDRESS... -- PORT...; makes LOG when it is ready."""
import select
import socket
import sys

log_path, rest = sys.argv[1], sys.argv[2:]
addresses, ports = rest[:rest.index("--")], [int(p) for p in rest[rest.index("--") + 1:]]
sockets = {}
for address in addresses:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    for port in ports:
        for kind, name in ((socket.SOCK_STREAM, "tcp"), (socket.SOCK_DGRAM, "udp")):
            s = socket.socket(family, kind)
            s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            s.bind((address, port))
            if name == "tcp":
                s.listen(64)
            sockets[s] = (name, address, port)
with open(log_path, "a", buffering=1, encoding="utf-8") as log:
    while True:
        for s in select.select(list(sockets), [], [])[0]:
            name, address, port = sockets[s]
            if name == "udp":
                text = s.recvfrom(64)[0].decode()
            else:
                text = ""
                s.accept()[0].close()
            print(name, address, port, text, file=log)
