"""pyoidc (the package `oic`), unmodified, signs a person in and ends the session by its token."""

import unittest

import requests
from oic.oic import Client
from oic.oic.message import AuthorizationResponse
from oic.utils.authn.client import CLIENT_AUTHN_METHOD

from city import City, visit

BACK = "http://127.0.0.1:9/pyoidc"


class Pyoidc(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.city = City.shared()
        cls.client_id, cls.secret = cls.city.register("pyoidc", redirect=[BACK], goodbye=["http://127.0.0.1:9/bye"])

    @classmethod
    def tearDownClass(cls):
        cls.city.stop()

    def test_pyoidc_signs_a_person_in_and_its_server_signs_them_out_without_their_cookie(self):
        client = Client(
            client_id=self.client_id, client_authn_method=CLIENT_AUTHN_METHOD,
            config={"code_challenge": {"length": 64, "method": "S256"}},
        )
        client.provider_config(self.city.issuer)
        client.client_secret = self.secret
        client.redirect_uris = [BACK]
        challenge, verifier = client.add_code_challenge()
        # `groups` is what many ask for and we do not have.
        asked = {
            "response_type": "code", "scope": ["openid", "profile", "groups"], "state": "s" * 4000, "nonce": "n" * 64,
            "redirect_uri": BACK, "client_id": self.client_id, **challenge,
        }
        away = client.construct_AuthorizationRequest(request_args=asked).request(client.authorization_endpoint)
        account, browser = self.city.citizen(2), requests.Session()
        landed = visit(browser, away, account, stop=BACK)
        answer = client.parse_response(AuthorizationResponse, info=landed.split("?", 1)[1], sformat="urlencoded")
        self.assertEqual(answer["state"], asked["state"])
        tokens = client.do_access_token_request(
            state=answer["state"], authn_method="client_secret_basic",
            request_args={"code": answer["code"], "redirect_uri": BACK, "code_verifier": verifier},
        )
        self.assertEqual(tokens["id_token"]["nonce"], asked["nonce"])
        self.assertEqual(sorted(tokens["scope"]), ["openid", "profile"], "what was granted is said")
        person = client.do_user_info_request(state=answer["state"])
        self.assertEqual((person["sub"], person["name"]), (tokens["id_token"]["sub"], account["name"]))
        me = self.city.issuer + "/me"
        self.assertEqual(browser.get(me, allow_redirects=False).status_code, 200)
        request = client.construct_EndSessionRequest(state=answer["state"])
        client.http_request(request.request(client.end_session_endpoint))
        self.assertEqual(browser.get(me, allow_redirects=False).status_code, 303, "the session has ended")


if __name__ == "__main__":
    unittest.main()
