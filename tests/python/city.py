"""The demonstration city as a process of its own, and a browser without a screen."""

import json
import os
import pathlib
import select
import shutil
import signal
import subprocess
import tempfile
import time
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

import requests

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = os.environ.get("GUOSUO", str(ROOT / "target/debug/guosuo"))
READY_MAX = 120


class City:
    """A running city; `facts` is what demo.json says."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.facts = json.loads((self.folder / "demo.json").read_text())
        self.issuer = self.facts["issuer"]

    @staticmethod
    def shared():
        """The city that the test command started for everybody; one of one's own where nobody started one."""
        folder = os.environ.get("CITY")
        return City(folder) if folder else OwnCity()

    def stop(self):
        """Others are in it still."""

    def citizen(self, place=0):
        return [account for account in self.facts["accounts"] if not account["roles"]][place]

    def web_client(self):
        return next(c for c in self.facts["clients"] if "http://127.0.0.1:9/cb" in (c.get("redirect_uris") or []))

    def licence(self, status):
        return next(licence for licence in self.facts["licences"] if licence["status"] == status)

    def command(self, *words):
        """What a command on this city prints."""
        words = [PROGRAM, *words, "--set", f"data_folder={self.folder}"]
        done = subprocess.run(words, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def register(self, name, redirect, goodbye=(), scopes="openid profile email"):
        """Registers an application of the department of some licence; gives its identifier and its secret."""
        client = f"{name}-{os.urandom(4).hex()}"
        code = self.facts["licences"][0]["identifier"].split(".")[6]
        uris = [word for uri in redirect for word in ("--redirect-uri", uri)]
        uris += [word for uri in goodbye for word in ("--post-logout-redirect-uri", uri)]
        about = ["--name", name, "--name-en", name, "--purpose", "测试", "--purpose-en", "a test"]
        told = self.command("client", "add", client, *about, "--organisation-code", code, "--scopes", scopes, *uris)
        return client, told.split("client_secret: ")[1].strip()

    def file(self, licence):
        return (self.folder / licence["pdf_path"]).read_bytes()


class Forms(HTMLParser):
    """The forms of a page: action, fields, ids of buttons."""

    def __init__(self, text):
        super().__init__()
        self.forms = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        if tag == "form":
            self.forms.append({"action": attrs.get("action", ""), "fields": {}, "ids": set()})
        if not self.forms or tag not in ("input", "button"):
            return
        form = self.forms[-1]
        form["ids"].add(attrs.get("id"))
        if tag == "input" and attrs.get("name"):
            form["fields"][attrs["name"]] = attrs.get("value") or ""
        if tag == "button" and attrs.get("name"):
            form["fields"].setdefault(attrs["name"], attrs.get("value") or "")


class OwnCity(City):
    """A city that nobody else is in."""

    def __init__(self):
        folder = pathlib.Path(tempfile.mkdtemp(prefix="guosuo-python-"))
        log = folder / "output.log"
        with log.open("ab") as out:
            words = [PROGRAM, "demo", "--data", str(folder), "--port", "0"]
            self.process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=out)
        # It prints what to open when everything is there, and nothing before; without a word it has ended.
        ready, _, _ = select.select([self.process.stdout], [], [], READY_MAX)
        if not ready or not self.process.stdout.readline():
            self.process.kill()
            raise AssertionError("the city did not start:\n" + log.read_text())
        super().__init__(folder)

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()
        shutil.rmtree(self.folder, ignore_errors=True)


def until(what, most, look):
    """Looks again and again until something is there; the one place where these tests wait for no event."""
    end = time.monotonic() + most
    while True:
        in_time = time.monotonic() < end
        seen = look()
        if seen:
            return seen
        assert in_time, f"{what}: not within {most} s"
        time.sleep(0.05)


def walk(url, account, stop="http://127.0.0.1:9/"):
    """Follows redirects, signs in and agrees; gives the address that begins with `stop`."""
    return visit(requests.Session(), url, account, stop)


def visit(session, url, account, stop=None):
    """The same in a browser of one's own; without `stop`, the page at the end, which asks for nothing of the kind."""
    answer = session.get(url, allow_redirects=False)
    for _ in range(30):
        if answer.is_redirect:
            target = urljoin(answer.url, answer.headers["location"])
            if stop and target.startswith(stop):
                return target
            answer = session.get(target, allow_redirects=False)
            continue
        assert answer.ok, f"{answer.status_code} at {answer.url}\n{answer.text}"
        form, changes = None, {}
        for candidate in Forms(answer.text).forms:
            if "sign-in" in candidate["ids"]:
                form, changes = candidate, {"username": account["username"], "password": account["password"]}
            elif "allow" in candidate["ids"]:
                form = candidate
        if not form and not stop:
            return answer
        assert form, f"neither a sign-in nor a consent at {answer.url}\n{answer.text}"
        parts = urlsplit(answer.url)
        answer = session.post(
            urljoin(answer.url, form["action"]), data={**form["fields"], **changes},
            headers={"origin": f"{parts.scheme}://{parts.netloc}"}, allow_redirects=False,
        )
    raise AssertionError(f"no end in sight at {answer.url}")
