//! Which document the number of a person is from.

/// The kinds of numbers under which persons are registered (GB/T 36903, annex A; 常用证件代码, GA/T 2000.156).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NumberKind {
    /// 港澳居民来往内地通行证: `H` or `M` and eight digits, the same for life.
    HongKongMacaoPermit,
    /// 港澳居民居住证: eighteen characters that begin with 81 or 82.
    HongKongMacaoResidence,
    /// A passport: three letters of the country that gave it (GB/T 2659) and its number.
    Passport,
    /// 外国人永久居留身份证: eighteen characters that begin with 9, before 2023 three letters and twelve digits.
    PermanentResidence,
    /// 居民身份证 (GB 11643).
    Resident,
    /// 台湾居民来往大陆通行证: eight digits, the same for life.
    TaiwanPermit,
    /// 台湾居民居住证: eighteen characters that begin with 83.
    TaiwanResidence,
}

impl NumberKind {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Resident,
        Self::HongKongMacaoResidence,
        Self::TaiwanResidence,
        Self::PermanentResidence,
        Self::HongKongMacaoPermit,
        Self::TaiwanPermit,
        Self::Passport,
    ];

    /// The code of a holder's number: 持证主体代码类型代码.
    pub fn code(self) -> &'static str {
        match self {
            Self::HongKongMacaoPermit => "516",
            Self::HongKongMacaoResidence => "551",
            Self::Passport => "400",
            Self::PermanentResidence => "553",
            Self::Resident => "111",
            Self::TaiwanPermit => "511",
            Self::TaiwanResidence => "552",
        }
    }

    /// The name of the document, as licences print it: 持证主体代码类型.
    pub fn zh(self) -> &'static str {
        match self {
            Self::HongKongMacaoPermit => "港澳居民来往内地通行证",
            Self::HongKongMacaoResidence => "港澳居民居住证",
            Self::Passport => "护照",
            Self::PermanentResidence => "外国人永久居留身份证",
            Self::Resident => "居民身份证",
            Self::TaiwanPermit => "台湾居民来往大陆通行证",
            Self::TaiwanResidence => "台湾居民居住证",
        }
    }

    /// Whether the number says when its person was born, and of which sex.
    pub fn says_birth(self) -> bool {
        match self {
            Self::HongKongMacaoResidence | Self::PermanentResidence | Self::Resident | Self::TaiwanResidence => true,
            Self::HongKongMacaoPermit | Self::Passport | Self::TaiwanPermit => false,
        }
    }
}
