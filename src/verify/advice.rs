//! What the person who asked should do now.

use base::Text;

use crate::reason::Reason;

/// The next action for a reason, or for none when all is well.
pub(crate) fn next_action(reason: Option<Reason>) -> Text {
    let Some(reason) = reason else {
        return Text::fixed(
            "核对持证人身份后可以办理。电子证照与纸质证照具有同等法律效力。",
            "Check that the person is the holder, then go on. An e-licence has the same legal effect as paper.",
        );
    };
    match reason {
        Reason::Suspended | Reason::Revoked => Text::fixed(
            "不得凭此证照办理。请当事人联系发证机关。",
            "Do not accept this licence. Ask the person to contact the issuer.",
        ),
        Reason::Expired | Reason::NotYetValid => Text::fixed(
            "不得凭此证照办理。请当事人向发证机关申请延续或换证。",
            "Do not accept this licence. The person may apply to the issuer for a renewal.",
        ),
        Reason::Superseded => Text::fixed(
            "请当事人出示最新版本的证照，再次扫码。",
            "Ask the person to show the newest version of the licence and scan again.",
        ),
        Reason::UnknownNumber | Reason::Mistyped => Text::fixed(
            "重新扫码，或核对后再次输入。仍然如此时不得采信，并请联系发证机关。",
            "Scan again, or check and type again. If the answer stays, do not accept it and contact the issuer.",
        ),
        Reason::NotOurCode => Text::fixed(
            "请扫描证照上的二维码，或输入证照标识。",
            "Scan the code on the licence, or type the licence identifier.",
        ),
        Reason::ActiveContent
        | Reason::CoversPart
        | Reason::HiddenContent
        | Reason::UnknownIssuer
        | Reason::UnsupportedSignature => Text::fixed(
            "请向文件上署名的机构核实，或请当事人提供本市签发的证照。",
            "Confirm with the organisation named in the file, or ask for a licence issued by this city.",
        ),
        Reason::Unsigned => Text::fixed(
            "请当事人提供带电子签章的原始文件，或扫描证照上的二维码。",
            "Ask for the original file with its seal, or scan the code on the licence.",
        ),
        Reason::FileNotPdf
        | Reason::FileDamaged
        | Reason::FileIncomplete
        | Reason::FileEncrypted
        | Reason::FileTooLarge => Text::fixed(
            "请当事人重新下载原始 PDF 文件后再试，或扫描证照上的二维码。",
            "Ask the person to download the original PDF again, or scan the code on the licence.",
        ),
        Reason::RevocationListOld => Text::fixed(
            "稍后再试；急需办理时请联系发证机关人工核实。",
            "Try again later; if it is urgent, confirm with the issuer.",
        ),
        Reason::CertificateOutOfPeriod
        | Reason::CertificateRevoked
        | Reason::ChangedAfterSigning
        | Reason::ContentAltered
        | Reason::NotRecorded
        | Reason::NoSealOfOurs
        | Reason::RecordDiffers
        | Reason::SeveralSignatures
        | Reason::SignatureBroken
        | Reason::SignatureForged => Text::fixed(
            "不得采信。保留文件，按疑似伪造、变造处理，并报告发证机关。",
            "Do not accept it. Keep the file, treat it as a suspected forgery and report it to the issuer.",
        ),
    }
}
