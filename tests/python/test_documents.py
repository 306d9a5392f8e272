"""pyHanko and pdfsig, which know nothing of us but our root, read what we signed."""

import base64
import io
import pathlib
import re
import subprocess
import tempfile
import unittest

from asn1crypto import pem, x509
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.diff_analysis import ModificationLevel
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko_certvalidator import ValidationContext

from city import City


class Documents(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.city = City()
        text = cls.city.facts["trust_roots_pem"].encode()
        cls.roots = [x509.Certificate.load(der) for _, _, der in pem.unarmor(text, multiple=True)]

    @classmethod
    def tearDownClass(cls):
        cls.city.stop()

    def status(self, data):
        reader = PdfFileReader(io.BytesIO(data))
        self.assertEqual(len(reader.embedded_signatures), 1)
        context = ValidationContext(trust_roots=self.roots, allow_fetching=False)
        return validate_pdf_signature(reader.embedded_signatures[0], context)

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

    def test_pyhanko_sees_one_changed_byte(self):
        data = bytearray(self.city.file(self.city.licence("valid")))
        data[len(data) // 3] ^= 1
        try:
            status = self.status(bytes(data))
        except Exception:  # a file that can no longer be read is refused as well
            return
        self.assertFalse(status.intact and status.valid)

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


if __name__ == "__main__":
    unittest.main()
