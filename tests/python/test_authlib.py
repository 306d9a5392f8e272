"""Authlib, unmodified, as a Flask application signs people in against the demonstration city."""

import os
import unittest
from urllib.parse import urlsplit

# The demonstration speaks http on loopback.
os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"

from authlib.integrations.flask_client import OAuth
from authlib.integrations.requests_client import OAuth2Session
from flask import Flask

from city import City, walk


class Authlib(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.city = City.shared()

    @classmethod
    def tearDownClass(cls):
        cls.city.stop()

    def application(self, method):
        client = self.city.web_client()
        app = Flask(__name__)
        app.secret_key = "only for this test"
        oauth = OAuth(app)
        oauth.register(
            "city",
            client_id=client["client_id"],
            client_secret=client["client_secret"],
            server_metadata_url=self.city.issuer + "/.well-known/openid-configuration",
            client_kwargs={
                "scope": "openid profile",
                "code_challenge_method": "S256",
                "token_endpoint_auth_method": method,
            },
        )

        @app.get("/login")
        def login():
            return oauth.city.authorize_redirect("http://127.0.0.1:9/cb")

        @app.get("/cb")
        def callback():
            token = oauth.city.authorize_access_token()
            return {"claims": token["userinfo"], "person": oauth.city.userinfo(token=token)}

        return app.test_client()

    def check(self, method):
        account = self.city.citizen(1)
        browser = self.application(method)
        away = browser.get("/login").headers["location"]
        landed = urlsplit(walk(away, account))
        answer = browser.get("/cb?" + landed.query)
        self.assertEqual(answer.status_code, 200, answer.text)
        found = answer.get_json()
        self.assertEqual(found["claims"]["iss"], self.city.issuer)
        self.assertEqual(found["claims"]["sub"], found["person"]["sub"])
        self.assertEqual(found["person"]["name"], account["name"])

    def test_signs_in_with_client_secret_basic(self):
        self.check("client_secret_basic")

    def test_signs_in_with_client_secret_post(self):
        self.check("client_secret_post")

    def test_gets_a_token_with_client_credentials(self):
        client = next(
            c for c in self.city.facts["clients"]
            if "client_credentials" in c["grants"] and "licence:verify" in c["scopes"]
        )
        session = OAuth2Session(client["client_id"], client["client_secret"], scope="licence:verify")
        token = session.fetch_token(self.city.issuer + "/token", grant_type="client_credentials")
        self.assertEqual(token["token_type"].lower(), "bearer")
        answer = session.post(
            self.city.issuer + "/api/v1/verifications", json={"code": self.city.licence("valid")["code"]}
        )
        self.assertEqual(answer.json()["outcome"], "valid", answer.text)


if __name__ == "__main__":
    unittest.main()
