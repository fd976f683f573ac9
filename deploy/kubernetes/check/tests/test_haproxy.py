"""The component haproxy, with the real HAProxy before real nodes: who is led where."""

import json
import os
import re
import shutil
import subprocess
import tempfile
import unittest
import urllib.error
import urllib.request
from pathlib import Path

import conduct
import overlays
from tests.pods import eventually, free_ports

BATON = os.environ["BATON_BIN"]
HAPROXY = shutil.which("haproxy") or "/usr/sbin/haproxy"
NODES = [f"baton-{number}" for number in range(3)]
HOST = "sessions.example.com"


class HAProxy(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="baton-k8s-")
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        overlay = overlays.render(overlays.copy(self.folder), overlays.WITH_HAPROXY)
        self.public, self.health, *ports = free_ports(2 + 2 * len(NODES))
        self.log = (self.folder / "log").open("ab")
        self.addCleanup(self.log.close)
        self.nodes = {}
        self.ports = dict(zip(NODES, zip(ports[::2], ports[1::2])))
        for name in NODES:
            self.start(name)
        variables = overlay.environment(
            overlays.containers(overlay.get("Deployment", "haproxy"))[0], {"metadata.namespace": "baton"}
        )
        self.assertEqual(variables["NODES"], "baton-nodes.baton.svc.cluster.local")
        config = overlay.data("ConfigMap", conduct.config(overlay, "haproxy-config"))["haproxy.cfg"]
        path = self.folder / "haproxy.cfg"
        path.write_text(self.here(config))
        haproxy = subprocess.Popen(
            [HAPROXY, "-db", "-f", path], env=variables, stdout=self.log, stderr=self.log
        )
        self.addCleanup(lambda: (haproxy.kill(), haproxy.wait()))
        for name in NODES:
            eventually(f"{name} to be led to", lambda name=name: self.server(cookie=name) == name)

    def here(self, config):
        """The same configuration with the addresses of this machine; nodes that are not there stay unknown."""
        for name, (listen, admin) in self.ports.items():
            config = re.sub(
                rf"server {name} \S+( track \S+| cookie \S+|)$",
                rf"server {name} 127.0.0.1:{listen}\1 port {admin}",
                config,
                flags=re.MULTILINE,
            )
        # Whoever tracks another server's health has no port to check.
        config = re.sub(r"( track \S+) port \d+$", r"\1", config, flags=re.MULTILINE)
        config = config.replace("bind :8700", f"bind 127.0.0.1:{self.public}")
        return config.replace("bind :8405", f"bind 127.0.0.1:{self.health}")

    def start(self, name):
        listen, admin = self.ports[name]
        node = subprocess.Popen(
            [BATON],
            env={
                "BATON_NODE__NAME": name,
                "BATON_LISTEN": f"127.0.0.1:{listen}",
                "BATON_ADMIN__LISTEN": f"127.0.0.1:{admin}",
                "BATON_AUTH__SECRET": "secret of customers' tokens, 32 characters",
                "BATON_NODE__DRAIN_SECONDS": "0",
            },
            stdout=self.log,
            stderr=self.log,
        )
        self.nodes[name] = node
        self.addCleanup(lambda: (node.kill(), node.wait()))

    def ask(self, method, path, host=HOST, cookie=None, **headers):
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.public}{path}", method=method, headers={"Host": host, **headers}
        )
        if cookie:
            request.add_header("Cookie", f"gcbSessionServer={cookie}")
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return answer.status, answer.headers, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.headers, error.read()
        except OSError:
            return 0, {}, b""

    def server(self, **how):
        """The node that creates a session: the one that was asked."""
        status, _, body = self.ask("POST", "/cobrowse/rest/live/sessions", **how)
        return json.loads(body)["sessionServerName"] if status == 200 else None

    def test_the_cookie_and_the_url_lead_to_their_node_and_fall_back(self):
        for name in NODES:
            for _ in range(3):
                self.assertEqual(self.server(cookie=name), name)
                self.assertEqual(self.server(host=f"{name}.{HOST}"), name)
            # The URL names the node that an agent wants, whatever cookie its browser has.
            self.assertEqual(self.server(host=f"{name}.{HOST}:443", cookie="baton-0"), name)
        # Newcomers are spread, and get a cookie.
        self.assertEqual({self.server() for _ in range(12)}, set(NODES))
        _, headers, _ = self.ask("GET", "/cobrowse/health")
        self.assertRegex(headers["Set-Cookie"], r"^gcbSessionServer=baton-\d; .*SameSite=None")
        # Between nodes only.
        status, _, body = self.ask("GET", "/internal/cobrowse/viewer")
        self.assertEqual((status, b"problem" in body), (404, False))

        self.nodes["baton-1"].terminate()
        self.nodes["baton-1"].wait(timeout=60)
        for _ in range(3):
            self.assertIn(self.server(cookie="baton-1"), ("baton-0", "baton-2"))
            self.assertIn(self.server(host=f"baton-1.{HOST}"), ("baton-0", "baton-2"))
        self.start("baton-1")
        eventually("baton-1 to be back", lambda: self.server(cookie="baton-1") == "baton-1")
        eventually("its URL", lambda: self.server(host=f"baton-1.{HOST}") == "baton-1")

    def test_the_pods_probe_and_metrics_are_there(self):
        for path in ("/health", "/metrics"):
            with urllib.request.urlopen(f"http://127.0.0.1:{self.health}{path}", timeout=5) as answer:
                self.assertEqual(answer.status, 200)


if __name__ == "__main__":
    unittest.main()
