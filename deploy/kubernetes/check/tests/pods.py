"""Runs containers of an overlay as plain processes on this machine: their commands, environment and
ConfigMaps as rendered, with folders for volumes, and free ports in place of the pods' addresses."""

import os
import random
import re
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

from overlays import Overlay, containers, pod_spec

PORTS = {"redis": 6379, "sentinel": 26379}
# What a pod is called by others, with or without a port.
ADDRESS = re.compile(r"\b(redis|sentinel)-(\d)\.\1-nodes(?:([: ])\d+)?")
PATIENCE_SECONDS = 60


def eventually(what, condition):
    """Waits until `condition()` is true, and returns it."""
    end = time.monotonic() + PATIENCE_SECONDS
    while True:
        result = condition()
        if result:
            return result
        if time.monotonic() > end:
            raise AssertionError(f"waited {PATIENCE_SECONDS} s for: {what}")
        time.sleep(0.1)


def free_ports(count: int) -> list[int]:
    """Ports that nobody uses now, and that no outgoing connection takes while a server is away. A cluster's bus
    has each number plus 10000: both must be free."""
    ports: list[int] = []
    while len(ports) < count:
        port = random.randrange(10240, 22000)
        if port not in ports and all(is_free(number) for number in (port, port + 10000)):
            ports.append(port)
    return ports


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


class Machine:
    """All pods of one overlay that run here."""

    def __init__(self, overlay: Overlay, folder: Path):
        self.overlay = overlay
        self.folder = folder
        self.ports: dict[str, int] = {}
        self.processes: dict[str, list[subprocess.Popen]] = {}
        self.log = (folder / "log").open("ab")
        self.move()

    def move(self):
        """Other addresses for all pods, as after a restart of the whole cluster."""
        names = [
            f"{workload['metadata']['name']}-{index}"
            for workload in self.overlay.of("StatefulSet")
            if workload["metadata"]["name"] in PORTS
            for index in range(workload["spec"]["replicas"])
        ]
        self.ports = dict(zip(names, free_ports(len(names))))

    def here(self, text: str) -> str:
        """`text` with the addresses and folders of this machine."""

        def address(match):
            port = self.ports[f"{match[1]}-{match[2]}"]
            return f"localhost{match[3] or ':'}{port}"

        text = ADDRESS.sub(address, text)
        return text

    def workload(self, pod: str) -> dict:
        name = pod.rpartition("-")[0]
        return self.overlay.find("StatefulSet", name) or self.overlay.get("Job", pod)

    def volumes(self, pod: str) -> dict[str, str]:
        """Where the pod's folders are here, by where they are in its container."""
        workload = self.workload(pod)
        sources = {v["name"]: v for v in pod_spec(workload).get("volumes", [])}
        folders = {}
        for mount in (m for c in containers(workload) for m in c["volumeMounts"]):
            folder = self.folder / pod / mount["name"]
            config = sources.get(mount["name"], {}).get("configMap")
            # Files of a ConfigMap are made once: scripts may be reading them.
            if config and not folder.exists():
                folder.mkdir(parents=True)
                for name, text in self.overlay.data("ConfigMap", config["name"]).items():
                    (folder / name).write_text(text)
            folder.mkdir(parents=True, exist_ok=True)
            folders[mount["mountPath"]] = str(folder)
        return folders

    def environment(self, pod: str, container: dict | None = None) -> dict[str, str]:
        fields = {"metadata.name": pod, "status.podIP": "127.0.0.1"}
        made = self.overlay.environment(container or containers(self.workload(pod))[0], fields)
        folders = self.volumes(pod)
        local = {}
        for name, value in made.items():
            if name.endswith("_HOST"):
                value = "localhost"
            elif name in ("REDIS_PORT", "SENTINEL_PORT"):
                value = str(self.ports[pod])
            elif name in ("DOWN_AFTER_MS", "CLUSTER_NODE_TIMEOUT_MS"):
                value = "1000"
            local[name] = folders.get(value, self.here(value))
        return {"PATH": os.environ["PATH"], "LC_ALL": "C", **local}

    def command(self, pod: str, command: list[str]) -> list[str]:
        folders = self.volumes(pod)
        for inside, folder in folders.items():
            command = [folder + c[len(inside) :] if c.startswith(inside + "/") else c for c in command]
        return command

    def start(self, *pods: str):
        for pod in pods:
            self.processes[pod] = [
                subprocess.Popen(
                    self.command(pod, container["command"]),
                    env=self.environment(pod, container),
                    cwd=self.folder / pod,
                    stdout=self.log,
                    stderr=self.log,
                    # A group of its own: what a script has started ends with it.
                    start_new_session=True,
                )
                for container in containers(self.workload(pod))
            ]

    def hook(self, pod: str) -> list[str] | None:
        handler = containers(self.workload(pod))[0].get("lifecycle", {}).get("preStop")
        return handler["exec"]["command"] if handler else None

    def run(self, pod: str, command: list[str]) -> int:
        """Runs a command in the pod to its end; its exit code."""
        command = self.command(pod, command)
        done = subprocess.run(
            command, env=self.environment(pod), stdout=self.log, stderr=self.log, timeout=120
        )
        return done.returncode

    def probe(self, pod: str, which: str) -> bool:
        return self.run(pod, containers(self.workload(pod))[0][which]["exec"]["command"]) == 0

    def kill(self, *pods: str):
        for pod in pods:
            for process in self.processes[pod]:
                os.killpg(process.pid, signal.SIGKILL)
        for pod in pods:
            for process in self.processes.pop(pod):
                process.wait()

    def stop(self, *pods: str):
        """As the kubelet does: the hook first, then SIGTERM to each container's first process."""
        for pod in pods:
            hook = self.hook(pod)
            if hook:
                self.run(pod, hook)
            for process in self.processes[pod]:
                process.terminate()
            for process in self.processes.pop(pod):
                process.wait(timeout=60)

    def lose_disk(self, pod: str):
        shutil.rmtree(self.folder / pod)

    def redis(self, pod: str, user: str, *command: str) -> str:
        """One command as a user of Redis or Sentinel; its answer, or the error."""
        secrets = next(s for s in self.overlay.of("Secret") if "redis" in s["metadata"]["name"])
        passwords = self.overlay.data("Secret", secrets["metadata"]["name"])
        key = {"baton": "REDIS_PASSWORD", "server": "REDIS_SERVER_PASSWORD", "admin": "REDIS_ADMIN_PASSWORD"}
        who = ["--user", user] if user in key else []
        done = subprocess.run(
            ["redis-cli", "-c", "-p", str(self.ports[pod]), *who, "--no-auth-warning", *command],
            env={"PATH": os.environ["PATH"], "REDISCLI_AUTH": passwords[key[user]] if who else ""},
            capture_output=True,
            text=True,
            timeout=30,
        )
        return (done.stdout + done.stderr).strip()

    def close(self):
        self.kill(*self.processes)
        self.log.close()
