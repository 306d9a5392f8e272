//! Typesets sample licences without a signature, for looking at and for measuring:
//! `cargo run --release -p documents --example licence -- FOLDER [REPETITIONS]`.
#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "a program for developers that prints what it measured")]

use std::path::Path;

use base::Instant;
use crypto::DigestAlgorithm;
use documents::{Field, Filling, Fonts, Layout, SealPicture, SealText, Template, layout};

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let folder = arguments.get(1).map_or("/tmp", String::as_str);
    let repetitions: u32 = arguments.get(2).and_then(|text| text.parse().ok()).unwrap_or(0);
    let fonts = Fonts::load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("fonts")).unwrap();
    let name = "某某省某某自治州某某市某某经济技术开发区市场监督管理局行政审批和政务服务管理处";
    for count in [4, 7, 10, 14, 18, 24, 25, 28, 32, 36, 40] {
        let ring: String = name.chars().take(count).collect();
        let text = SealText { ring, below: "电子证照专用章".into(), number: "33010600000001".into() };
        let seal = SealPicture::draw(&fonts, &text).unwrap();
        std::fs::write(format!("{folder}/seal-{count}.svg"), seal.svg()).unwrap();
        let template =
            Template::new(&fonts, &Layout::parse(layout::FOOD_BUSINESS).unwrap(), &seal, DigestAlgorithm::Sha256)
                .unwrap();
        save(folder, &format!("seal-{count}"), &template, &food("滨海市某某餐饮管理有限公司"));
    }
    let text = SealText {
        ring: "滨海市市场监督管理局".into(),
        below: "电子证照专用章".into(),
        number: "33010600000001".into(),
    };
    let seal = SealPicture::draw(&fonts, &text).unwrap();
    let make = |json: &str| {
        let names = ["holder_name", "legal_representative", "mother_name", "father_name", "issuer"];
        let layout = Layout::parse(json).unwrap().with_room_for_names(&names);
        Template::new(&fonts, &layout, &seal, DigestAlgorithm::Sha256).unwrap()
    };
    let template = make(layout::FOOD_BUSINESS);
    save(folder, "rare", &template, &food("𠮷野家龘龢餐饮㐂𬭊有限公司"));
    for count in [60, 90, 120] {
        let name: String = "滨海市临江区龙腾（集团）餐饮管理".chars().cycle().take(count).collect();
        save(folder, &format!("long-{count}"), &template, &food(&name));
    }
    save(folder, "driving", &make(layout::DRIVING_LICENCE), &driving());
    save(folder, "birth", &make(layout::BIRTH_CERTIFICATE), &birth());
    if repetitions > 0 {
        let content = food("滨海市某某餐饮管理有限公司");
        for _ in 0..repetitions {
            std::hint::black_box(template.typeset(&content).unwrap().finish(&[1; 1_500]).unwrap());
        }
    }
}

fn save(folder: &str, name: &str, template: &Template, content: &Filling) {
    let file = template.typeset(content).unwrap().finish(&[1; 1_500]).unwrap().into_bytes();
    println!("{name}: {} bytes", file.len());
    std::fs::write(format!("{folder}/{name}.pdf"), file).unwrap();
}

fn content(title: &str, fields: &[(&str, &str)]) -> Filling {
    Filling {
        title: title.into(),
        identifier: "1.2.156.3005.2.11100000000013127D001.11330100002489559F.20261123000001.001.X".into(),
        fields: fields.iter().map(|(key, value)| Field::new(*key, *value)).collect(),
        qr_text: "HTTPS://EG.EXAMPLE.GOV.CN/V/440100202611220018375512".into(),
        metadata: vec![("certificate_type_code".into(), "11100000000013127D001".into())],
        signer_name: "滨海市市场监督管理局".into(),
        at: Instant::from_seconds(1_795_400_000),
    }
}

fn food(name: &str) -> Filling {
    content(
        "食品经营许可证",
        &[
            ("certificate_number", "JY23301060000018"),
            ("holder_name", name),
            ("holder_code", "91330106MA27XL0C2E"),
            ("legal_representative", "张㐂龘"),
            ("residence", "滨海市临江区人民路一百二十八号金融大厦甲座十六层一六〇三室"),
            ("premises", "滨海市临江区解放东路88号首层101、102铺"),
            ("business_category", "餐饮服务经营者（中型餐饮服务）"),
            (
                "business_items",
                "预包装食品销售；散装食品销售（不含冷藏冷冻食品）；热食类食品制售；冷食类食品制售；\
                 糕点类食品制售（含裱花蛋糕）；自制饮品制售",
            ),
            ("supervisor", "滨海市临江区市场监督管理所"),
            ("validity", "2026年11月23日至2031年11月22日"),
            ("issuer", "滨海市市场监督管理局"),
            ("issued_on", "2026年11月23日"),
        ],
    )
}

fn driving() -> Filling {
    content(
        "机动车驾驶证",
        &[
            ("holder_code", "330106199003074518"),
            ("holder_name", "阿卜杜热合曼·买买提江"),
            ("sex", "男"),
            ("nationality", "中国"),
            ("address", "滨海市临江区人民路一百二十八号金融大厦甲座十六层一六〇三室"),
            ("birth_date", "1990-03-07"),
            ("first_issue_date", "2012-06-18"),
            ("vehicle_class", "C1D"),
            ("file_number", "330100123456"),
            ("validity", "2026年11月23日至2032年11月22日"),
            ("issuer", "滨海市公安局交通警察支队"),
            ("issued_on", "2026年11月23日"),
        ],
    )
}

fn birth() -> Filling {
    content(
        "出生医学证明",
        &[
            ("certificate_number", "Z330000018"),
            ("newborn_name", "欧阳𠮷龘"),
            ("sex", "女"),
            ("birth_time", "2026年11月20日 08时45分"),
            ("gestation", "39周"),
            ("weight", "3250"),
            ("birth_place", "滨海市临江区"),
            ("facility", "滨海市妇幼保健院"),
            ("mother_name", "李四"),
            ("mother_code", "330106199203074528"),
            ("father_name", "欧阳三"),
            ("father_code", "330106199003074518"),
            ("family_address", "滨海市临江区人民路一百二十八号金融大厦甲座十六层"),
            ("issuer", "滨海市卫生健康委员会"),
            ("issued_on", "2026年11月23日"),
        ],
    )
}
