"""Proxies that sign people in for what is behind them, unmodified: oauth2-proxy, and Apache with mod_auth_openidc."""

import base64
import http.server
import os
import pathlib
import shutil
import socket
import subprocess
import tempfile
import threading
import unittest
from urllib.parse import quote

import requests

from city import City, until, visit

READY_MAX = 30
HUNDRED = "政务服务" * 25


def free_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


class Behind(http.server.BaseHTTPRequestHandler):
    """What a proxy protects: it says what was asked for, and by whom."""

    def do_GET(self):
        said = f"{self.path}\n{self.headers.get('x-forwarded-email')}".encode()
        self.send_response(200)
        self.send_header("content-length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    def log_message(self, *_):
        """Nobody reads it."""


class WithAProxy(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.city = City.shared()
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="guosuo-proxy-"))
        cls.folder.chmod(0o755)
        cls.port = free_port()
        cls.url = f"http://127.0.0.1:{cls.port}"

    @classmethod
    def tearDownClass(cls):
        cls.city.stop()
        shutil.rmtree(cls.folder, ignore_errors=True)

    def start(self, words):
        log = (self.folder / "output.log").open("ab")
        self.addCleanup(log.close)
        process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self.addCleanup(process.wait)
        self.addCleanup(process.terminate)

        def listens():
            with socket.socket() as client:
                said = (self.folder / "output.log").read_text()
                self.assertIsNone(process.poll(), said)
                return client.connect_ex(("127.0.0.1", self.port)) == 0

        until("the proxy", READY_MAX, listens)

    def is_signed_in(self, browser):
        return browser.get(self.city.issuer + "/me", allow_redirects=False).status_code == 200


class OAuth2Proxy(WithAProxy):
    def test_oauth2_proxy_brings_a_deep_link_of_a_hundred_chinese_characters_back_and_ends_the_session(self):
        account = self.city.citizen(3)
        email = f"{account['username']}@example.com"
        self.city.command(
            "person", "edit", "--username", account["username"], "--email", email, "--email-verified", "true",
            "--reason", "本人在窗口核对",
        )
        client, secret = self.city.register("oauth2-proxy", redirect=[self.url + "/oauth2/callback"])
        behind = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Behind)
        threading.Thread(target=behind.serve_forever, daemon=True).start()
        self.addCleanup(behind.server_close)
        self.addCleanup(behind.shutdown)
        self.start([
            os.environ.get("OAUTH2_PROXY", "oauth2-proxy"),
            "--provider=oidc", f"--oidc-issuer-url={self.city.issuer}", f"--client-id={client}",
            f"--client-secret={secret}", f"--redirect-url={self.url}/oauth2/callback",
            f"--http-address=127.0.0.1:{self.port}", f"--upstream=http://127.0.0.1:{behind.server_port}/",
            "--code-challenge-method=S256", "--email-domain=*", "--skip-provider-button", "--cookie-secure=false",
            f"--cookie-secret={base64.urlsafe_b64encode(os.urandom(32)).decode()}",
            # It ends the session itself, without the person's cookie.
            f"--backend-logout-url={self.city.issuer}/logout?id_token_hint={{id_token}}",
        ])
        deep = f"/{quote(HUNDRED)}?{quote('事项')}={quote(HUNDRED)}"
        browser = requests.Session()
        answer = visit(browser, self.url + deep, account)
        path, known = answer.text.split("\n")
        self.assertEqual((path, known), (deep, email))
        self.assertTrue(self.is_signed_in(browser))
        out = browser.get(self.url + "/oauth2/sign_out", allow_redirects=False)
        self.assertEqual(out.status_code, 302, out.text)
        self.assertFalse(self.is_signed_in(browser))


CONFIGURATION = """
ServerRoot {folder}
DefaultRuntimeDir {folder}
PidFile {folder}/apache.pid
ServerName 127.0.0.1
Listen 127.0.0.1:{port}
ErrorLog {folder}/output.log
{user}
{modules}
DocumentRoot {folder}/htdocs
OIDCProviderMetadataURL {issuer}/.well-known/openid-configuration
OIDCClientID {client}
OIDCClientSecret {secret}
OIDCRedirectURI {url}/inside/back
OIDCCryptoPassphrase for-this-test-alone
OIDCScope "openid profile"
OIDCPKCEMethod S256
OIDCRemoteUserClaim name
<Location /inside>
  AuthType openid-connect
  Require valid-user
</Location>
"""


class Apache(WithAProxy):
    def test_mod_auth_openidc_signs_a_person_in_and_out_by_its_hint(self):
        bye = self.url + "/bye.html"
        client, secret = self.city.register(
            "apache", redirect=[self.url + "/inside/back"], goodbye=[bye], scopes="openid profile",
        )
        pages = self.folder / "htdocs/inside"
        pages.mkdir(parents=True)
        (pages / "page.html").write_text("inside")
        (self.folder / "htdocs/bye.html").write_text("goodbye")
        modules = pathlib.Path(os.environ.get("APACHE_MODULES", "/usr/lib/apache2/modules"))
        names = ["mpm_event", "authn_core", "authz_core", "authz_user", "auth_openidc"]
        configuration = CONFIGURATION.format(
            folder=self.folder, port=self.port, issuer=self.city.issuer, client=client, secret=secret, url=self.url,
            modules="\n".join(f"LoadModule {name}_module {modules}/mod_{name}.so" for name in names),
            # Who may do everything is not to do it here.
            user="User www-data\nGroup www-data" if os.geteuid() == 0 else "",
        )
        (self.folder / "apache.conf").write_text(configuration)
        self.start(["/usr/sbin/apache2", "-f", str(self.folder / "apache.conf"), "-DFOREGROUND"])
        account, browser = self.city.citizen(4), requests.Session()
        answer = visit(browser, f"{self.url}/inside/page.html?{quote('事项')}=1", account)
        self.assertEqual((answer.text, answer.status_code), ("inside", 200))
        self.assertTrue(answer.url.endswith(f"/inside/page.html?{quote('事项')}=1"), answer.url)
        self.assertTrue(self.is_signed_in(browser))
        answer = visit(browser, f"{self.url}/inside/back?logout={quote(bye, safe='')}", account)
        self.assertEqual((answer.text, answer.url), ("goodbye", bye))
        self.assertFalse(self.is_signed_in(browser))
        away = browser.get(self.url + "/inside/page.html", allow_redirects=False)
        self.assertTrue(away.headers["location"].startswith(self.city.issuer + "/authorize?"), away.headers)


if __name__ == "__main__":
    unittest.main()
