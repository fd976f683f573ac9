"""What the manifests tell a node is what the node understands: asked of the real program."""

import os
import subprocess
import tempfile
import tomllib
import unittest
import urllib.error
import urllib.request
from pathlib import Path

import yaml

import conduct
import overlays
from tests.pods import eventually, free_ports

BATON = os.environ["BATON_BIN"]


class Settings(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="baton-k8s-")
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.manifests = overlays.copy(self.folder)

    def variables(self, overlay, pod):
        """The environment of a node, and its files."""
        container = overlays.containers(overlay.get("StatefulSet", "baton"))[0]
        made = overlay.environment(container, {"metadata.name": pod})
        config = overlay.data("ConfigMap", conduct.config(overlay, "baton-config"))
        path = self.folder / "baton.toml"
        path.write_text(config["baton.toml"])
        self.assertEqual(made["BATON_CONFIG"], "/etc/baton/baton.toml")
        return made | {"BATON_CONFIG": str(path)}

    def check_config(self, variables):
        return subprocess.run([BATON, "check-config"], env=variables, capture_output=True, text=True)

    def test_a_node_of_every_overlay_takes_its_settings(self):
        for name in overlays.OVERLAYS:
            with self.subTest(name):
                overlay = overlays.render(self.manifests, name)
                done = self.check_config(self.variables(overlay, "baton-2"))
                self.assertEqual((done.returncode, done.stderr), (0, ""))
                effective = tomllib.loads(done.stdout)
                self.assertEqual(effective["public_url"], "https://sessions.example.com/")
                self.assertEqual(effective["node"]["name"], "baton-2")
                self.assertEqual(effective["node"]["server_url"], "https://baton-2.sessions.example.com/")
                self.assertEqual(effective["node"]["internal_url"], "http://baton-2.baton-nodes:8700/")
                self.assertEqual(effective["node"]["drain_deadline_seconds"], conduct.drain_deadline(overlay))
                self.assertNotIn("$(", done.stdout)

    def test_an_unknown_setting_and_a_missing_secret_are_refused(self):
        overlay = overlays.render(self.manifests, "redis-single")
        sound = self.variables(overlay, "baton-0")
        done = self.check_config(sound | {"BATON_NODE__NAMES": "x"})
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("BATON_NODE__NAMES", done.stderr)
        for secret in ("BATON_CLUSTER__SECRET", "BATON_ADMIN__TOKEN"):
            done = self.check_config({n: v for n, v in sound.items() if n != secret})
            self.assertNotEqual(done.returncode, 0, secret)
            self.assertIn(secret.removeprefix("BATON_").replace("__", ".").lower(), done.stderr)

    def test_probes_and_prometheus_ask_what_a_node_answers_without_a_token(self):
        overlay = overlays.render(self.manifests, "redis-single")
        listen, admin = free_ports(2)
        variables = self.variables(overlay, "baton-0") | {
            "BATON_LISTEN": f"127.0.0.1:{listen}",
            "BATON_ADMIN__LISTEN": f"127.0.0.1:{admin}",
            "BATON_STORE__URL": "memory",
        }
        node = subprocess.Popen([BATON], env=variables, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            baton = overlays.containers(overlay.get("StatefulSet", "baton"))[0]
            asked = [baton[f"{kind}Probe"]["httpGet"] for kind in ("startup", "liveness", "readiness")]
            asked += overlay.get("ServiceMonitor", "baton")["spec"]["endpoints"]
            here = {"http": listen, "admin": admin}
            for ask in asked:
                url = f"http://127.0.0.1:{here[ask['port']]}{ask['path']}"
                eventually(url, lambda url=url: status(url) == 200)
            self.assertEqual(status(f"http://127.0.0.1:{admin}/api/v1/nodes"), 401)
            # What the autoscaler counts, and the adapter makes of it.
            scaler = overlay.get("HorizontalPodAutoscaler", "baton")["spec"]["metrics"]
            counted = [m["pods"]["metric"]["name"] for m in scaler if m["type"] == "Pods"]
            adapter = yaml.safe_load((overlays.ROOT / "monitoring/prometheus-adapter.yaml").read_text())
            made = {rule["name"]["as"]: rule["seriesQuery"] for rule in adapter["rules"]["custom"]}
            with urllib.request.urlopen(f"http://127.0.0.1:{admin}/metrics", timeout=5) as answer:
                metrics = answer.read().decode()
            for name in counted:
                self.assertRegex(metrics, rf"(?m)^{made[name].partition('{')[0]} ")
        finally:
            node.terminate()
            node.wait(timeout=60)


def status(url):
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return None


if __name__ == "__main__":
    unittest.main()
