//! Names and numbers of invented people, companies and departments. Check digits are right; divisions are not in use.

use anyhow::Context;
use base::{
    SeededEntropy,
    number::{CreditCode, IdentityNumber},
};

/// The administrative division of the invented city; no real one has this code.
const DIVISION: &str = "330199";

/// Family name, given name, username. Men stand in even ports, women in odd ones; the last four are children.
/// Some names have characters that few fonts have.
pub const CITIZENS: [(&str, &str, &str); 50] = [
    ("张", "伟", "zhangwei"),
    ("李", "娜", "lina"),
    ("王", "龘", "wangda"),
    ("赵", "敏", "zhaomin"),
    ("陈", "㐂", "chenxi"),
    ("刘", "洋洋", "liuyangyang"),
    ("黄", "𠮷", "huangji"),
    ("周", "婷", "zhouting"),
    ("吴", "志强", "wuzhiqiang"),
    ("徐", "静怡", "xujingyi"),
    ("孙", "建国", "sunjianguo"),
    ("马", "丽华", "malihua"),
    ("朱", "明哲", "zhumingzhe"),
    ("胡", "雪梅", "huxuemei"),
    ("郭", "海涛", "guohaitao"),
    ("何", "秀英", "hexiuying"),
    ("高", "鹏飞", "gaopengfei"),
    ("林", "晓燕", "linxiaoyan"),
    ("罗", "文斌", "luowenbin"),
    ("郑", "玉兰", "zhengyulan"),
    ("梁", "家豪", "liangjiahao"),
    ("宋", "雨桐", "songyutong"),
    ("谢", "永康", "xieyongkang"),
    ("唐", "诗涵", "tangshihan"),
    ("韩", "子轩", "hanzixuan"),
    ("曹", "梦琪", "caomengqi"),
    ("许", "振华", "xuzhenhua"),
    ("邓", "佳宁", "dengjianing"),
    ("萧", "一鸣", "xiaoyiming"),
    ("冯", "若曦", "fengruoxi"),
    ("曾", "浩然", "zenghaoran"),
    ("程", "思远", "chengsiyuan"),
    ("欧阳", "修文", "ouyangxiuwen"),
    ("蔡", "美玲", "caimeiling"),
    ("潘", "立新", "panlixin"),
    ("司马", "清秋", "simaqingqiu"),
    ("于", "得水", "yudeshui"),
    ("董", "慧", "donghui"),
    ("余", "庆丰", "yuqingfeng"),
    ("苏", "婉儿", "suwaner"),
    ("叶", "知秋", "yezhiqiu"),
    ("吕", "红梅", "lvhongmei"),
    ("魏", "长青", "weichangqing"),
    ("蒋", "诗雅", "jiangshiya"),
    ("田", "大勇", "tiandayong"),
    ("杜", "晓月", "duxiaoyue"),
    ("张", "小满", "zhangxiaoman"),
    ("王", "禾苗", "wanghemiao"),
    ("吴", "念安", "wunianan"),
    ("孙", "朵朵", "sunduoduo"),
];

/// How many of them are children. Each is a child of the man and the woman in these ports.
pub const PARENTS: [(usize, usize); 4] = [(0, 1), (2, 3), (8, 9), (10, 11)];

/// The first place of a child.
pub const CHILDREN_FROM: usize = CITIZENS.len() - PARENTS.len();

/// The names of companies, without `滨江市` and `有限公司`.
pub const COMPANIES: [&str; 20] = [
    "龙福餐饮",
    "江畔食府餐饮",
    "禾下食品",
    "晨光便利商业",
    "老街面馆餐饮",
    "望潮海鲜餐饮",
    "青禾生鲜超市",
    "云水茶业",
    "三味书屋文化",
    "鼎泰机械制造",
    "新桥建筑工程",
    "远帆物流",
    "木棉服饰",
    "星河软件技术",
    "百草堂医药",
    "丰泽农业科技",
    "安居物业服务",
    "明镜眼镜",
    "鑫㐂喜糕点",
    "𠮷祥酒楼",
];

/// Family name and given name of staff, in the order in which they are appointed.
pub const STAFF: [(&str, &str); 21] = [
    ("钱", "志远"),
    ("沈", "佩兰"),
    ("姚", "国栋"),
    ("卢", "晓峰"),
    ("姜", "秀芝"),
    ("崔", "明亮"),
    ("谭", "春华"),
    ("陆", "建平"),
    ("范", "丽娟"),
    ("汪", "学文"),
    ("石", "磊"),
    ("贾", "桂芳"),
    ("韦", "东升"),
    ("夏", "雨荷"),
    ("付", "强"),
    ("方", "圆"),
    ("邹", "凯"),
    ("熊", "丹"),
    ("白", "鹭洲"),
    ("孟", "繁星"),
    ("秦", "川"),
];

/// Who sits beside the first ones at the counter and at the operators' desk.
pub const COLLEAGUES: [(&str, &str); 2] = [("程", "远航"), ("丁", "香菱")];

const ROADS: [&str; 8] = ["临江路", "望潮街", "柳岸巷", "东风路", "学府街", "渔人码头路", "新桥路", "梧桐大道"];

/// What is drawn for the city: the same every time.
pub struct Draw(SeededEntropy);

impl Draw {
    /// Always the same city.
    pub fn new() -> Self {
        Self(SeededEntropy::new(0x6775_6F73_756F))
    }

    /// A number from 0 to `below` − 1.
    pub fn number(&self, below: u64) -> u64 {
        self.0.next() % below.max(1)
    }

    /// A street address in the city.
    pub fn street(&self) -> String {
        let road = ROADS.get(self.number(ROADS.len() as u64) as usize).copied().unwrap_or_default();
        format!("{road}{}号{}室", self.number(300) + 1, self.number(2800) + 101)
    }

    /// An identity number with a day of birth in these years. `place` keeps two apart.
    pub fn identity_number(
        &self,
        (from, until): (u64, u64),
        is_male: bool,
        place: usize,
    ) -> anyhow::Result<IdentityNumber> {
        let year = from + self.number(until - from + 1);
        let (month, day) = (self.number(12) + 1, self.number(28) + 1);
        let sequence = 2 * place + usize::from(is_male);
        IdentityNumber::complete(&format!("{DIVISION}{year:04}{month:02}{day:02}{sequence:03}"))
            .context("an identity number")
    }
}

/// The credit code of an organisation: `11` for a department, `91` for a company. The nine characters of the
/// organisation code inside have their own check character (GB 11714).
pub fn credit_code(kind: &str, place: usize) -> anyhow::Result<CreditCode> {
    let body = format!("{}{:06}", if kind == "11" { "00" } else { "MA" }, 248_100 + 37 * place);
    let weights = [3, 7, 9, 10, 5, 8, 4, 2];
    let sum: u32 = body.chars().zip(weights).map(|(c, weight)| c.to_digit(36).unwrap_or(0) * weight).sum();
    let check = match 11 - sum % 11 {
        10 => 'X',
        11 => '0',
        digit => char::from_digit(digit, 10).unwrap_or('0'),
    };
    CreditCode::complete(&format!("{kind}{DIVISION}{body}{check}")).context("a credit code")
}

/// A secret of a person that can be typed: the same for all, because the city is for showing.
pub const PASSWORD: &str = "Binjiang-2026-Demo";

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_city_is_the_same_every_time_and_nobody_is_there_twice() {
        let numbers = || {
            let draw = Draw::new();
            (0..CITIZENS.len())
                .map(|place| draw.identity_number((1960, 2000), place % 2 == 0, place).unwrap().as_str().to_owned())
                .collect::<BTreeSet<_>>()
        };
        assert_eq!(numbers(), numbers());
        assert_eq!(numbers().len(), CITIZENS.len());
        assert_eq!(CITIZENS.iter().map(|(_, _, username)| username).collect::<BTreeSet<_>>().len(), CITIZENS.len());
    }

    #[test]
    fn every_credit_code_is_valid_and_another() {
        let codes: BTreeSet<_> =
            (0..20).flat_map(|place| ["11", "91"].map(|kind| credit_code(kind, place).unwrap().to_string())).collect();
        assert_eq!(codes.len(), 40);
    }
}
