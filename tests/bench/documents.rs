//! One licence typeset and sealed in process: no database, no network.

use std::{hint::black_box, path::Path, time::Duration};

use anyhow::Context;
use base::Instant;
use crypto::{DigestAlgorithm, KeyHandle, Suite, sign::SigningKey};
use documents::{Field, Filling, Fonts, Layout, SealPicture, SealText, Template, layout};
use futures_util::FutureExt;

use crate::limits;

/// Characters that names are put together from, so that each document needs other glyphs.
const SYLLABLES: &str = "滨江市临东风路晨光便利商业有限公司龙腾餐饮管理华泰福安宏达永兴盛世嘉禾天源金桥海润长青";

/// Documents per CPU-second: typeset, digest, signature, patch.
///
/// # Errors
///
/// When a sample cannot be typeset.
pub fn measure(window: Duration) -> anyhow::Result<f64> {
    let fonts = Fonts::load(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../src/documents/fonts")))?;
    let text = SealText {
        ring: "滨江市市场监督管理局".to_owned(),
        below: "电子证照专用章".to_owned(),
        number: "33019900000001".to_owned(),
    };
    let seal = SealPicture::draw(&fonts, &text)?;
    let template = Template::new(&fonts, &Layout::parse(layout::FOOD_BUSINESS)?, &seal, DigestAlgorithm::Sha256)?;
    let pair = rcgen::KeyPair::generate()?;
    let certificate = rcgen::CertificateParams::new(Vec::new())?.self_signed(&pair)?.der().to_vec();
    let key = SigningKey::from_pkcs8(Suite::Es256, &pair.serialize_der()).ok().context("the key")?.into();
    let mut number = 0_usize;
    let mut failed = None;
    let rate = limits::spin(window, || {
        number += 1;
        match one(&template, &key, &certificate, number) {
            Ok(file) => drop(black_box(file)),
            Err(error) => failed = Some(error),
        }
    });
    failed.map_or(Ok(rate), Err)
}

fn one(template: &Template, key: &KeyHandle, certificate: &[u8], number: usize) -> anyhow::Result<Vec<u8>> {
    let syllables: Vec<char> = SYLLABLES.chars().collect();
    let name: String =
        (0..12).filter_map(|place| syllables.get((number * 7 + place * number) % syllables.len())).collect();
    let field = |key: &str, value: &str| Field::new(key, value);
    let content = Filling {
        title: "食品经营许可证".to_owned(),
        identifier: "1.2.156.3005.2.11100000MB0143028R001.113301990024810047.202611230000001.001.X".to_owned(),
        fields: vec![
            field("certificate_number", &format!("2026112300{number:08}")),
            field("holder_name", &name),
            field("holder_code", "91330199MA2482118C"),
            field("legal_representative", "赵敏"),
            field("residence", "滨江市临江区东风路193号2897室"),
            field("premises", "滨江市临江区东风路193号2897室"),
            field("business_category", "餐饮服务经营者"),
            field("business_items", "热食类食品制售；冷食类食品制售；自制饮品制售"),
            field("supervisor", "滨江市市场监督管理局临江分局"),
            field("validity", "2026年11月23日至2031年11月22日"),
            field("issuer", "滨江市市场监督管理局"),
            field("issued_on", "2026年11月23日"),
        ],
        qr_text: format!("HTTPS://EG.EXAMPLE.GOV.CN/V/4401002026112{number:08}"),
        metadata: Vec::new(),
        signer_name: "滨江市市场监督管理局".to_owned(),
        at: Instant::from_seconds(1_795_400_000),
    };
    let prepared = template.typeset(&content)?;
    let above = [certificate.to_vec()];
    let signing = crypto::cms::sign_detached(prepared.digest(), key, certificate, &above);
    let cms = signing.now_or_never().context("a key in memory waits for nothing")??;
    Ok(prepared.finish(&cms)?.into_bytes())
}
