#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""cri.py SOCKET REQUESTS: calls of the Container Runtime Interface (Kubernetes, package runtime.v1). A line of the FIFO REQUESTS is a method,
the path of another FIFO, and the request as JSON, with tabs between them; into that FIFO goes a status (0, or 1) and the answer as JSON, or
the error. The messages are those of MESSAGES, which has the fields that the tests use. One process for all calls: to load grpc takes longer
than most of them."""
import json
import os
import sys
import threading

import grpc  # package python3-grpcio

# name: {number: (field, type)}; a type in a list is repeated, "map" is map<string, string>.
MESSAGES = {
    "Metadata": {1: ("name", "str"), 2: ("uid", "str"), 3: ("namespace", "str"), 4: ("attempt", "int")},
    "ContainerMetadata": {1: ("name", "str"), 2: ("attempt", "int")},
    "Namespaces": {1: ("network", "int"), 2: ("pid", "int"), 3: ("ipc", "int"), 4: ("target_id", "str")},
    "Value": {1: ("value", "int")},
    "Profile": {1: ("profile_type", "int"), 2: ("localhost_ref", "str")},
    "SandboxSecurity": {1: ("namespace_options", "Namespaces"), 9: ("seccomp", "Profile")},
    "SandboxLinux": {1: ("cgroup_parent", "str"), 2: ("security_context", "SandboxSecurity"), 3: ("sysctls", "map")},
    "Sandbox": {
        1: ("metadata", "Metadata"), 2: ("hostname", "str"), 3: ("log_directory", "str"), 6: ("labels", "map"),
        7: ("annotations", "map"), 8: ("linux", "SandboxLinux"),
    },
    "RunPodSandboxRequest": {1: ("config", "Sandbox"), 2: ("runtime_handler", "str")},
    "RunPodSandboxResponse": {1: ("pod_sandbox_id", "str")},
    "Image": {1: ("image", "str")},
    "KeyValue": {1: ("key", "str"), 2: ("value", "str")},
    "Mount": {1: ("container_path", "str"), 2: ("host_path", "str"), 3: ("readonly", "int")},
    "Capabilities": {1: ("add_capabilities", ["str"]), 2: ("drop_capabilities", ["str"])},
    "Resources": {
        1: ("cpu_period", "int"), 2: ("cpu_quota", "int"), 3: ("cpu_shares", "int"), 4: ("memory_limit_in_bytes", "int"),
        5: ("oom_score_adj", "int"),
    },
    "ContainerSecurity": {
        1: ("capabilities", "Capabilities"), 2: ("privileged", "int"), 3: ("namespace_options", "Namespaces"),
        5: ("run_as_user", "Value"), 7: ("readonly_rootfs", "int"), 11: ("no_new_privs", "int"), 12: ("run_as_group", "Value"),
        15: ("seccomp", "Profile"),
    },
    "ContainerLinux": {1: ("resources", "Resources"), 2: ("security_context", "ContainerSecurity")},
    "Container": {
        1: ("metadata", "ContainerMetadata"), 2: ("image", "Image"), 3: ("command", ["str"]), 4: ("args", ["str"]),
        5: ("working_dir", "str"), 6: ("envs", ["KeyValue"]), 7: ("mounts", ["Mount"]), 9: ("labels", "map"),
        10: ("annotations", "map"), 11: ("log_path", "str"), 12: ("stdin", "int"), 14: ("tty", "int"), 15: ("linux", "ContainerLinux"),
    },
    "CreateContainerRequest": {1: ("pod_sandbox_id", "str"), 2: ("config", "Container"), 3: ("sandbox_config", "Sandbox")},
    "CreateContainerResponse": {1: ("container_id", "str")},
    "StopContainerRequest": {1: ("container_id", "str"), 2: ("timeout", "int")},
    "ContainerStatus": {
        1: ("id", "str"), 3: ("state", "int"), 7: ("exit_code", "int"), 10: ("reason", "str"), 11: ("message", "str"),
        13: ("annotations", "map"),
    },
    "ContainerStatusResponse": {1: ("status", "ContainerStatus")},
    "ExecSyncRequest": {1: ("container_id", "str"), 2: ("cmd", ["str"]), 3: ("timeout", "int")},
    "ExecSyncResponse": {1: ("stdout", "str"), 2: ("stderr", "str"), 3: ("exit_code", "int")},
    "ExecRequest": {
        1: ("container_id", "str"), 2: ("cmd", ["str"]), 3: ("tty", "int"), 4: ("stdin", "int"), 5: ("stdout", "int"), 6: ("stderr", "int"),
    },
    "ExecResponse": {1: ("url", "str")},
    "AttachRequest": {1: ("container_id", "str"), 2: ("stdin", "int"), 3: ("tty", "int"), 4: ("stdout", "int"), 5: ("stderr", "int")},
    "AttachResponse": {1: ("url", "str")},
    "UpdateContainerResourcesRequest": {1: ("container_id", "str"), 2: ("linux", "Resources")},
    "SandboxStatus": {1: ("id", "str"), 3: ("state", "int")},
    "PodSandboxStatusResponse": {1: ("status", "SandboxStatus")},
    "Listed": {1: ("id", "str"), 2: ("pod_sandbox_id", "str"), 6: ("state", "int")},
    "ListContainersResponse": {1: ("containers", ["Listed"])},
    "Counter": {1: ("timestamp", "int"), 2: ("usage_core_nano_seconds", "Value")},
    "Memory": {1: ("timestamp", "int"), 2: ("working_set_bytes", "Value")},
    "Stats": {2: ("cpu", "Counter"), 3: ("memory", "Memory")},
    "ContainerStatsResponse": {1: ("stats", "Stats")},
    "VersionResponse": {1: ("version", "str"), 2: ("runtime_name", "str"), 3: ("runtime_version", "str"), 4: ("runtime_api_version", "str")},
}
for verb in ("PodSandboxStatus", "StopPodSandbox", "RemovePodSandbox"):
    MESSAGES[verb + "Request"] = {1: ("pod_sandbox_id", "str")}
for verb in ("StartContainer", "RemoveContainer", "ContainerStatus", "ContainerStats"):
    MESSAGES[verb + "Request"] = {1: ("container_id", "str")}


def varint(n):
    n &= (1 << 64) - 1
    out = bytearray()
    while n > 127:
        out.append(n & 127 | 128)
        n >>= 7
    return bytes(out + bytes([n]))


def encode_field(number, kind, value):
    if kind == "int":
        return varint(number << 3) + varint(int(value))
    data = value.encode() if kind == "str" else encode(kind, value)
    return varint(number << 3 | 2) + varint(len(data)) + data


def encode(name, value):
    out, fields = b"", {field: (number, kind) for number, (field, kind) in MESSAGES.get(name, {}).items()}
    for field, v in value.items():
        number, kind = fields[field]
        if kind == "map":
            kind, v = ["KeyValue"], [{"key": a, "value": b} for a, b in v.items()]
        for item in v if isinstance(kind, list) else [v]:
            out += encode_field(number, kind[0] if isinstance(kind, list) else kind, item)
    return out


def read_varint(data, at):
    n = shift = 0
    while True:
        byte = data[at]
        n |= (byte & 127) << shift
        at, shift = at + 1, shift + 7
        if byte < 128:
            return n - (1 << 64) if n >> 63 else n, at


def decode(name, data):
    out, at = {}, 0
    while at < len(data):
        key, at = read_varint(data, at)
        number, wire = key >> 3, key & 7
        if wire in (1, 5):
            value, at = None, at + (8 if wire == 1 else 4)
        else:
            value, at = read_varint(data, at)
        if wire == 2:
            value, at = data[at:at + value], at + value
        field, kind = MESSAGES.get(name, {}).get(number, (None, None))
        if field is None:
            continue
        plain = "KeyValue" if kind == "map" else kind[0] if isinstance(kind, list) else kind
        if plain == "str":
            value = value.decode(errors="replace")
        elif plain != "int":
            value = decode(plain, value)
        if kind == "map":
            out.setdefault(field, {})[value.get("key", "")] = value.get("value", "")
        elif isinstance(kind, list):
            out.setdefault(field, []).append(value)
        else:
            out[field] = value
    return out


def answer(channel, method, request):
    """(exit status, text)"""
    call = channel.unary_unary(
        "/runtime.v1.RuntimeService/" + method,
        request_serializer=lambda v: encode(method + "Request", v),
        response_deserializer=lambda data: decode(method + "Response", data),
    )
    try:
        return 0, json.dumps(call(json.loads(request or "{}"), timeout=50))
    except grpc.RpcError as e:
        return 1, f"{e.code().name}: {e.details()}"
    except (KeyError, ValueError) as e:
        return 2, f"{method}: {e!r}"


def serve(channel, line):
    method, fifo, request = line.rstrip("\n").split("\t")
    status, text = answer(channel, method, request)
    with open(fifo, "w", encoding="utf-8") as f:
        f.write(f"{status}\n{text}\n")


def main():
    socket, requests = sys.argv[1:]
    # What a Go server takes for the name of a host.
    channel = grpc.insecure_channel("unix:" + socket, options=[("grpc.default_authority", "localhost")])
    # Open for both: the end of one caller is not the end of all.
    with os.fdopen(os.open(requests, os.O_RDWR), encoding="utf-8") as f:
        while line := f.readline():
            threading.Thread(target=serve, args=(channel, line), daemon=True).start()


if __name__ == "__main__":
    main()
