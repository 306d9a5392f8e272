"""pyHanko and pdfsig, which know nothing of us but our root, read what we signed."""

import base64
import datetime
import io
import logging
import pathlib
import re
import subprocess
import tempfile
import unittest

import requests
from asn1crypto import crl, keys, pem, x509
from cryptography import x509 as making
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import NameOID
from pyhanko.pdf_utils.content import RawContent
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.layout import BoxConstraints
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.pdf_utils.writer import PageObject, PdfFileWriter
from pyhanko.sign import signers
from pyhanko.sign.ades.report import AdESIndeterminate
from pyhanko.sign.diff_analysis import ModificationLevel
from pyhanko.sign.fields import SigSeedSubFilter
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko_certvalidator import ValidationContext
from pyhanko_certvalidator.registry import SimpleCertificateStore

from city import PROGRAM, City, OwnCity, until

ROOT_AND_ISSUING = (1, 2)
REVOKED_SEEN_MAX = 20


class WithACity(unittest.TestCase):
    """What the tests ask of a city."""

    start = staticmethod(City.shared)

    @classmethod
    def setUpClass(cls):
        # What it refuses, it also logs with a trace.
        logging.getLogger("pyhanko").setLevel(logging.CRITICAL)
        cls.city = cls.start()
        text = cls.city.facts["trust_roots_pem"].encode()
        cls.roots = [x509.Certificate.load(der) for _, _, der in pem.unarmor(text, multiple=True)]

    @classmethod
    def tearDownClass(cls):
        cls.city.stop()

    def status(self, data, lists=None):
        """What pyHanko says; with revocation lists, it must have a current one for every certificate."""
        reader = PdfFileReader(io.BytesIO(data))
        self.assertEqual(len(reader.embedded_signatures), 1)
        strict = {} if lists is None else {"crls": lists, "revocation_mode": "hard-fail"}
        context = ValidationContext(trust_roots=self.roots, allow_fetching=False, **strict)
        return validate_pdf_signature(reader.embedded_signatures[0], context)

    def lists(self):
        """The revocation lists of the root and of the issuing authority, as everybody gets them."""
        answers = [requests.get(f"{self.city.issuer}/crl/{number}.crl", timeout=10) for number in ROOT_AND_ISSUING]
        return [crl.CertificateList.load(answer.content) for answer in answers]

    def verdict(self, data):
        client = next(c for c in self.city.facts["clients"] if "licence:verify" in c["scopes"])
        discovery = requests.get(self.city.issuer + "/.well-known/openid-configuration", timeout=10).json()
        token = requests.post(
            discovery["token_endpoint"], data={"grant_type": "client_credentials", "scope": "licence:verify"},
            auth=(client["client_id"], client["client_secret"]), timeout=10,
        ).json()["access_token"]
        answer = requests.post(
            self.city.issuer + "/api/v1/verifications", files={"file": ("file.pdf", data, "application/pdf")},
            headers={"authorization": "Bearer " + token}, timeout=10,
        )
        self.assertEqual(answer.status_code, 200, answer.text)
        return answer.json()


class Documents(WithACity):
    def test_pyhanko_trusts_every_licence_and_sees_the_whole_file_covered(self):
        seen = set()
        for licence in self.city.facts["licences"]:
            if licence["type"] in seen:
                continue
            seen.add(licence["type"])
            with self.subTest(licence["type"]):
                status = self.status(self.city.file(licence))
                self.assertTrue(status.intact and status.valid and status.trusted, status.pretty_print_details())
                self.assertEqual(status.coverage.name, "ENTIRE_FILE")
                self.assertEqual(status.modification_level, ModificationLevel.NONE)
        self.assertGreaterEqual(len(seen), 3, "one of each type")

    def test_pyhanko_finds_no_revocation_on_the_lists_that_we_publish_and_demands_both(self):
        data = self.city.file(self.city.licence("valid"))
        both = self.lists()
        status = self.status(data, both)
        self.assertTrue(status.intact and status.valid and status.trusted, status.pretty_print_details())
        for missing in (0, 1):
            with self.subTest(missing=missing):
                status = self.status(data, both[:missing] + both[missing + 1:])
                self.assertFalse(status.trusted, "without a list nobody knows")

    def test_a_file_that_others_signed_is_for_a_person_to_judge_and_an_altered_one_is_not(self):
        for kind in (SigSeedSubFilter.PADES, SigSeedSubFilter.ADOBE_PKCS7_DETACHED):
            with self.subTest(kind):
                data = signed_by_a_stranger(kind)
                verdict = self.verdict(data)
                self.assertEqual(verdict["outcome"], "needs_review", verdict)
                signature = verdict["signatures"][0]
                self.assertEqual(signature["sub_indication"], "NO_CERTIFICATE_CHAIN_FOUND")
                self.assertEqual((signature["signer"], signature["covers_whole_file"]), ("Somebody", True))
                results = {check["code"]: check["result"] for check in verdict["checks"]}
                self.assertEqual(results["content_unaltered"], "passed", verdict)
                altered = data.replace(b"(seen)", b"(Seen)")
                self.assertNotEqual(altered, data)
                verdict = self.verdict(altered)
                self.assertEqual(verdict["outcome"], "invalid", verdict)
                self.assertEqual(verdict["signatures"][0]["sub_indication"], "HASH_FAILURE")

    def test_what_pyhanko_signs_in_any_common_algorithm_is_intact_or_altered_for_us(self):
        curves = (ec.SECP256R1, ec.SECP384R1, ec.SECP521R1, ec.BrainpoolP256R1, ec.BrainpoolP512R1, ec.SECP256K1)
        ways = [(ec.generate_private_key(curve()), digest, False) for curve in curves for digest in ("sha256", "sha512")]
        key = rsa.generate_private_key(65537, 2048)
        ways += [(key, digest, pss) for digest in ("sha224", "sha256", "sha384", "sha512") for pss in (False, True)]
        ways += [(ed25519.Ed25519PrivateKey.generate(), "sha512", False), (key, "sha1", False)]
        for key, digest, pss in ways:
            with self.subTest(key=key, digest=digest, pss=pss):
                data = signed_by_a_stranger(SigSeedSubFilter.ADOBE_PKCS7_DETACHED, key, digest, pss)
                why = "CRYPTO_CONSTRAINTS_FAILURE" if digest == "sha1" else "NO_CERTIFICATE_CHAIN_FOUND"
                signature = self.verdict(data)["signatures"][0]
                self.assertEqual((signature["indication"], signature["sub_indication"]), ("INDETERMINATE", why))
                signature = self.verdict(data.replace(b"(seen)", b"(Seen)"))["signatures"][0]
                self.assertEqual((signature["indication"], signature["sub_indication"]), ("TOTAL-FAILED", "HASH_FAILURE"))

    def test_pyhanko_sees_one_changed_byte(self):
        data = bytearray(self.city.file(self.city.licence("valid")))
        # Another glyph in what is printed: the file is still one that can be read.
        place = data.index(b">Tj") - 1
        data[place] = ord("1") if data[place] == ord("0") else ord("0")
        status = self.status(bytes(data))
        self.assertFalse(status.intact)
        self.assertFalse(status.trusted)

    def test_the_signature_is_pades_baseline(self):
        reader = PdfFileReader(io.BytesIO(self.city.file(self.city.licence("valid"))))
        signature = reader.embedded_signatures[0]
        self.assertEqual(signature.sig_object["/SubFilter"], "/ETSI.CAdES.detached")
        attributes = {attribute["type"].native for attribute in signature.signer_info["signed_attrs"]}
        self.assertIn("signing_certificate_v2", attributes)
        self.assertNotIn("signing_time", attributes, "PAdES forbids it")

    def test_pdfsig_trusts_a_licence(self):
        out = self.pdfsig(self.city.file(self.city.licence("valid")))
        self.assertIn("Signature is Valid", out)
        self.assertIn("Certificate is Trusted", out)
        self.assertIn("Total document signed", out)

    def test_pdfsig_finds_the_signature_valid_and_the_whole_document_signed(self):
        out = self.pdfsig(self.city.file(self.city.licence("valid")))
        self.assertIn("Signature is Valid", out)
        self.assertIn("Total document signed", out)
        self.assertRegex(out, r"Signature Type: ETSI\.CAdES\.detached")

    def test_the_file_says_what_it_is(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "licence.pdf"
            path.write_bytes(self.city.file(self.city.licence("valid")))
            info = subprocess.run(["pdfinfo", path], capture_output=True, text=True, check=True).stdout
            fonts = subprocess.run(["pdffonts", path], capture_output=True, text=True, check=True).stdout
        self.assertRegex(info, r"Page size:\s+59[45]\.\d+ x 84[12]\.\d+ pts \(A4\)|A4")
        self.assertRegex(info, r"Pages:\s+1\b")
        for line in fonts.splitlines()[2:]:
            self.assertTrue(re.search(r"\byes\s+yes\b", line), "an embedded subset: " + line)

    def pdfsig(self, data):
        with tempfile.TemporaryDirectory() as folder:
            folder = pathlib.Path(folder)
            (folder / "licence.pdf").write_bytes(data)
            words = ["pdfsig"]
            database = folder / "nss"
            database.mkdir()
            subprocess.run(["certutil", "-N", "-d", database, "--empty-password"], check=True)
            for place, root in enumerate(self.roots):
                file = folder / f"root-{place}.pem"
                file.write_bytes(
                    b"-----BEGIN CERTIFICATE-----\n" + base64.encodebytes(root.dump()) + b"-----END CERTIFICATE-----\n"
                )
                subprocess.run(
                    ["certutil", "-A", "-d", database, "-n", f"root{place}", "-t", "CT,C,C", "-i", file], check=True
                )
            words += ["-nssdir", str(database)]
            return subprocess.run([*words, folder / "licence.pdf"], capture_output=True, text=True, check=False).stdout


class Cancelled(WithACity):
    # Nobody else could go on using the seal.
    start = OwnCity

    def test_a_seal_that_was_cancelled_is_revoked_for_pyhanko_and_no_forger_for_us(self):
        licence = self.city.licence("suspended")
        data, before = self.city.file(licence), self.lists()
        self.assertTrue(self.status(data, before).trusted)
        common = ["--set", f"data_folder={self.city.folder}"]
        code = licence["identifier"].split(".")[6]
        words = [PROGRAM, "seal", "list", "--organisation-code", code, *common]
        listed = subprocess.run(words, capture_output=True, text=True, check=True)
        seal = listed.stdout.split()[0]
        words = [PROGRAM, "seal", "cancel", seal, "--reason", "机构撤并", *common]
        subprocess.run(words, capture_output=True, check=True)

        def renewed():
            lists = self.lists()
            return lists if lists[1].dump() != before[1].dump() else None

        after = until("a new list", REVOKED_SEEN_MAX, renewed)
        status = self.status(data, after)
        self.assertTrue(status.intact and status.valid)
        self.assertFalse(status.trusted)
        self.assertEqual(status.trust_problem_indic, AdESIndeterminate.REVOKED_NO_POE)
        # Our records prove what no signature can: that it was sealed before. It stays what it was.
        verdict = self.verdict(data)
        self.assertEqual(verdict["signatures"][0]["indication"], "TOTAL-PASSED", verdict)
        self.assertEqual(verdict["licence"]["status"], "suspended")


def signed_by_a_stranger(kind, key=None, digest="sha256", pss=False):
    """A page that somebody we do not know signed with a key and a certificate of his own."""
    key = key or ec.generate_private_key(ec.SECP256R1())
    name = making.Name([making.NameAttribute(NameOID.COMMON_NAME, "Somebody")])
    today = datetime.datetime.now(datetime.timezone.utc)
    usage = making.KeyUsage(True, True, False, False, False, False, False, False, False)
    certificate = (
        making.CertificateBuilder()
        .subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(77)
        .not_valid_before(today - datetime.timedelta(days=1)).not_valid_after(today + datetime.timedelta(days=1))
        .add_extension(making.BasicConstraints(False, None), critical=True).add_extension(usage, critical=True)
        .sign(key, None if isinstance(key, ed25519.Ed25519PrivateKey) else hashes.SHA256())
    )
    certificate = x509.Certificate.load(certificate.public_bytes(serialization.Encoding.DER))
    private = key.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    signer = signers.SimpleSigner(
        signing_cert=certificate, signing_key=keys.PrivateKeyInfo.load(private), cert_registry=SimpleCertificateStore(),
        prefer_pss=pss,
    )
    page, out = io.BytesIO(), io.BytesIO()
    writer = PdfFileWriter(stream_xrefs=False)
    content = writer.add_object(RawContent(b"% (seen)", box=BoxConstraints(100, 100)).as_form_xobject())
    writer.insert_page(PageObject(contents=content, media_box=(0, 0, 100, 100)))
    writer.write(page)
    metadata = signers.PdfSignatureMetadata(field_name="Signature", subfilter=kind, md_algorithm=digest)
    signers.sign_pdf(IncrementalPdfFileWriter(page), metadata, signer=signer, output=out)
    return out.getvalue()


if __name__ == "__main__":
    unittest.main()
