//! Files that are small and ask for much: deep, wide, long, shared and self-referring structures of every kind that the
//! reader of PDF knows.

use std::io::Write as _;

use flate2::{Compression, write::ZlibEncoder};

/// A file of numbered objects with a table of cross-references.
pub fn pdf(objects: &[(usize, Vec<u8>)], trailer: &str) -> Vec<u8> {
    let mut file = b"%PDF-1.7\n".to_vec();
    let mut places = Vec::new();
    for (number, body) in objects {
        places.push((*number, file.len()));
        file.extend_from_slice(format!("{number} 0 obj\n").as_bytes());
        file.extend_from_slice(body);
        file.extend_from_slice(b"\nendobj\n");
    }
    let start = file.len();
    file.extend_from_slice(b"xref\n");
    for (number, at) in &places {
        file.extend_from_slice(format!("{number} 1\n{at:010} 00000 n \n").as_bytes());
    }
    file.extend_from_slice(format!("trailer\n<<{trailer}>>\nstartxref\n{start}\n%%EOF\n").as_bytes());
    file
}

/// A catalogue with this in it, and more objects.
fn with(catalogue: &str, more: Vec<(usize, Vec<u8>)>) -> Vec<u8> {
    let mut objects = vec![(1, format!("<</Type/Catalog{catalogue}>>").into_bytes())];
    objects.extend(more);
    pdf(&objects, "/Root 1 0 R")
}

/// A stream with this beside its length.
pub fn stream(dictionary: &str, data: &[u8]) -> Vec<u8> {
    let head = format!("<<{dictionary}/Length {}>>\nstream\n", data.len());
    [head.as_bytes(), data, b"\nendstream"].concat()
}

/// Bytes as `FlateDecode` unpacks them.
pub fn pack(data: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(data).unwrap();
    encoder.finish().unwrap()
}

/// A file whose objects 2 and 3 and so on stand in one stream of objects.
fn packed(header: &str, first: usize, count: usize, body: &[u8]) -> Vec<u8> {
    let mut file = b"%PDF-1.7\n1 0 obj\n<</Type/Catalog>>\nendobj\n".to_vec();
    let at = file.len();
    let data = pack(&[header.as_bytes(), body].concat());
    let dictionary = format!("/Type/ObjStm/N {count}/First {first}/Filter/FlateDecode");
    file.extend_from_slice(b"2 0 obj\n");
    file.extend_from_slice(&stream(&dictionary, &data));
    file.extend_from_slice(b"\nendobj\n");
    let start = file.len();
    let mut rows = vec![0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 9, 0, 1];
    rows.extend((at as u32).to_be_bytes());
    rows.push(0);
    for place in 0..count {
        rows.push(2);
        rows.extend(2_u32.to_be_bytes());
        rows.push(place.min(255) as u8);
    }
    let table = pack(&rows);
    let size = 3 + count;
    file.extend_from_slice(format!("{size} 0 obj\n").as_bytes());
    file.extend_from_slice(&stream(&format!("/Type/XRef/W[1 4 1]/Size {size}/Root 1 0 R/Filter/FlateDecode"), &table));
    file.extend_from_slice(format!("\nendobj\nstartxref\n{start}\n%%EOF\n").as_bytes());
    file
}

/// Trailers inside of each other: each holds a text in which the next section stands.
fn nested_trailers(sections: usize, payload: usize) -> Vec<u8> {
    let mut file = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n".to_vec();
    let start = file.len();
    for place in 0..sections {
        let rows = if place == 0 { "1 1\n0000000009 00000 n \n" } else { "0 0\n" };
        let head = format!("xref\n{rows}trailer\n<</Root 1 0 R/Prev ");
        let next = file.len() + head.len() + 10 + 3;
        let rest = if place + 1 < sections { format!("{next:010}/X(") } else { format!("{:010}/X(", 0) };
        file.extend_from_slice(format!("{head}{rest}").as_bytes());
    }
    file.extend(vec![b'a'; payload]);
    file.extend(b")>>".repeat(sections));
    file.extend_from_slice(format!("\nstartxref\n{start}\n%%EOF\n").as_bytes());
    file
}

fn signature(contents: usize) -> Vec<u8> {
    let contents = "30".repeat(contents);
    format!("<</Type/Sig/Filter/F/SubFilter/S/ByteRange[0 1 2 3]/Contents<{contents}>>>").into_bytes()
}

fn many(one: &str, count: usize) -> Vec<u8> {
    one.repeat(count).into_bytes()
}

fn around(before: &str, inside: impl AsRef<[u8]>, after: &str) -> Vec<u8> {
    [before.as_bytes(), inside.as_ref(), after.as_bytes()].concat()
}

/// Objects, fields, signatures and sections; `n` says how large.
fn bombs_of_objects(n: usize) -> Vec<(&'static str, Vec<u8>)> {
    let name = "\\377".repeat(500);
    let nested_fields = |kids: usize| {
        let mut objects: Vec<(usize, Vec<u8>)> = (0..15)
            .map(|depth| (10 + depth, format!("<</FT/Sig/T({name})/Kids[{} 0 R]>>", 11 + depth).into_bytes()))
            .collect();
        objects.push((25, format!("<</FT/Sig/T({name})/Kids[{}]>>", "<<>> ".repeat(kids)).into_bytes()));
        with("/AcroForm<</Fields[10 0 R]>>", objects)
    };
    let lengths = |streams: usize, comment: usize| {
        let mut objects = vec![(2, [b"%".as_slice(), &vec![b'x'; comment], b"\n0"].concat())];
        objects.extend((0..streams).map(|place| (3 + place, b"<</Length 2 0 R>>stream\n\nendstream".to_vec())));
        with("", objects)
    };
    vec![
        ("kids of fields with long names", nested_fields(n * 200)),
        ("one list of kids for many fields", {
            let fields = many("<</FT/Sig/T(a)/Kids 10 0 R>>", n * 20);
            let kids = around("[", many("<<>> ", n * 100), "]");
            with("/AcroForm 9 0 R", vec![(9, around("<</Fields[", fields, "]>>")), (10, kids)])
        }),
        ("one field named many times", {
            let fields = around("<</Fields[", many("10 0 R ", n * 100), "]>>");
            with("/AcroForm 9 0 R", vec![(9, fields), (10, around("<</FT/Sig/Kids[", many("0 ", n * 200), "]>>"))])
        }),
        ("fields that are their own kids", {
            with("/AcroForm<</Fields[10 0 R]>>", vec![(10, around("<</Kids[", many("10 0 R ", n * 100), "]>>"))])
        }),
        ("signatures without number", {
            let fields = around("<</Fields[", many("<</FT/Sig/V<</ByteRange[0 1 2 3]>>>>", n * 20), "]>>");
            with("/AcroForm 9 0 R", vec![(9, fields)])
        }),
        ("signatures without size", with("", (0..16).map(|place| (10 + place, signature(n * 300))).collect())),
        ("lengths behind comments", lengths(n, n * 1_000)),
        ("trailers inside of trailers", nested_trailers(60, n * 1_000)),
        (
            "texts in dictionaries",
            with("", (0..10).map(|k| (2 + k, around("<<", many("/A()", n * 100), ">>"))).collect()),
        ),
        ("numbers in lists", with("", (0..10).map(|k| (2 + k, around("[", many("1 ", n * 150), "]"))).collect())),
        ("empty lists in lists", with("", (0..10).map(|k| (2 + k, around("[", many("[]", n * 150), "]"))).collect())),
        ("lists inside of each other", with("", vec![(2, around("", many("[", n * 1_000), ""))])),
        ("dictionaries inside of each other", with("", vec![(2, many("<</A", n * 1_000))])),
        ("a text that never ends", with("", vec![(2, many("(", n * 1_000))])),
        ("hexadecimal that never ends", with("", vec![(2, many("<4", n * 1_000))])),
        ("numbers behind comments", {
            let comment = format!("1 %{}\n", "x".repeat(1_000));
            with("", vec![(2, around("[", many(&comment, n * 5), "]"))])
        }),
        ("names of greatest length", {
            let entry = format!("/{}", "#41".repeat(127));
            with("", vec![(2, around("[", many(&entry, n * 10), "]"))])
        }),
        ("objects without number", with("", (0..n * 50).map(|place| (2 + place, b"<</A 1/B/C>>".to_vec())).collect())),
        ("objects inside of objects", {
            let heads: Vec<String> = (0..n * 2).map(|place| format!("{} 0 obj\n<</A ", 10 + place)).collect();
            with("", vec![(2, around("(", heads.concat().into_bytes(), ")"))])
        }),
        ("sections in a circle of their own", {
            let mut file = with("", vec![]);
            let at = file.len();
            for place in 0..n.min(2_000) {
                file.extend_from_slice(format!("xref\n0 0\ntrailer\n<</Root 1 0 R/Prev {}>>\n", at + place).as_bytes());
            }
            file.extend_from_slice(format!("startxref\n{at}\n%%EOF\n").as_bytes());
            file
        }),
    ]
}

/// More of them: what is packed, what is written beside the objects.
fn bombs_in_between(n: usize) -> Vec<(&'static str, Vec<u8>)> {
    vec![
        ("a stream of objects that unpacks to much", packed("3 0 ", 4, 1, &vec![b' '; n * 10_000])),
        ("packed objects at one place", {
            let header = (0..250).map(|place| format!("{} 0 ", 3 + place)).collect::<Vec<_>>().concat();
            let body = around("[", many("1 ", n * 1_000), "]");
            packed(&header, header.len(), 250, &body)
        }),
        ("metadata that unpacks to much", {
            let data = pack(&vec![b'<'; n * 10_000]);
            with("/Metadata 2 0 R", vec![(2, stream("/Filter/FlateDecode", &data))])
        }),
        ("metadata of openings", {
            let packet = around("xmlns:gs=\"https://guosuo.example/ns/licence/1\"", many("<gs:a>", n * 100), "");
            with("/Metadata 2 0 R", vec![(2, stream("", &packet))])
        }),
        ("identifiers everywhere", around("%PDF-1.7\n", many("1.2.156.3005.2.", n * 1_000), "startxref\n9\n%%EOF\n")),
        ("identifiers with something in between", {
            let units = many("1.2.156.3005.2.AAAA", n * 800);
            around("%PDF-1.7\n", units, "startxref\n9\n%%EOF\n")
        }),
        ("a text that ends late", with("", vec![(2, around("(", vec![b'a'; n * 19_000], ")"))])),
        (
            "a text of brackets",
            with("", vec![(2, around("(", [b"(".repeat(n * 9_000), b")".repeat(n * 9_000)].concat(), ")"))]),
        ),
        ("packed signatures of greatest size", {
            let one = format!("<</Type/Sig/ByteRange[0 1 2 3]/Contents<{}>>>", "30".repeat(n * 300));
            let header: Vec<String> = (0..12).map(|place| format!("{} {} ", 3 + place, place * one.len())).collect();
            let header = header.concat();
            packed(&header, header.len(), 12, &one.repeat(12).into_bytes())
        }),
        ("ends without number", [with("", vec![]), many("%%EOF\n", n * 1_000)].concat()),
        ("comments without number", [with("", vec![]), many("%\n", n * 5_000), b"%%EOF".to_vec()].concat()),
        (
            "catalogues that name each other",
            with("", (0..n * 10).map(|k| (2 + k, format!("{} 0 R", 3 + k).into_bytes())).collect()),
        ),
    ]
}

/// What is read where cross-references lead nowhere, so that every byte is looked at.
fn bombs_out_of_order(n: usize) -> Vec<(&'static str, Vec<u8>)> {
    let lost = |parts: &str, times: usize| around("%PDF-1.7\n", many(parts, times), "");
    vec![
        ("lost texts that never end", lost("1 0 obj(", n * 500)),
        ("lost hexadecimal that never ends", lost("1 0 obj<4", n * 500)),
        ("lost lists that never end", lost("1 0 obj[", n * 500)),
        ("lost dictionaries that never end", lost("1 0 obj<</A ", n * 500)),
        ("lost streams that never end", lost("1 0 obj<<>>stream\n", n * 300)),
        ("lost streams of lost lengths", lost("1 0 obj<</Length 9 0 R>>stream\nendstream\n", n * 300)),
        ("lost objects", lost("1 0 obj<</V 1>>endobj\n", n * 300)),
        ("lost catalogues", lost("1 0 obj<</Type/Catalog>>endobj\n", n * 300)),
        ("lost trailers", lost("trailer<</Root 1 0 R>>\n", n * 300)),
        ("lost trailers inside of each other", lost("trailer<</A", n * 300)),
        ("lost trailers of texts", lost("trailer(", n * 300)),
        ("names of objects", lost("obj ", n * 2_000)),
        ("words that are nothing", lost("1 0 obj[x y z ]endobj", n * 300)),
        ("lost streams of objects", {
            let packed = pack(&many("1 0 ", n * 2_000));
            let one = stream(&format!("/Type/ObjStm/N 1/First {}/Filter/FlateDecode", n * 8_000), &packed);
            let objects: Vec<Vec<u8>> =
                (0..12).map(|place| [format!("{} 0 obj", 2 + place).as_bytes(), &one, b"endobj\n"].concat()).collect();
            around("%PDF-1.7\n", objects.concat(), "")
        }),
    ]
}

/// Every bomb, by its name; `n` says how large.
pub fn bombs(n: usize) -> Vec<(&'static str, Vec<u8>)> {
    [bombs_of_objects(n), bombs_in_between(n), bombs_out_of_order(n)].concat()
}

/// No bomb: a document of so many pages as an office program writes it, each paragraph marked with what it is. Its
/// objects stand packed, a hundred together.
pub fn tagged(pages: usize) -> Vec<u8> {
    const ELEMENTS: usize = 40;
    let page = |place: usize| 10 + place * (ELEMENTS + 3);
    let mut plain = vec![
        (1, "<</Type/Catalog/Pages 2 0 R/StructTreeRoot 3 0 R/MarkInfo<</Marked true>>/Lang(zh-CN)>>".to_owned()),
        (3, "<</Type/StructTreeRoot/K[4 0 R]/ParentTree 5 0 R/RoleMap<</Title/P>>>>".to_owned()),
    ];
    let all = |object: &dyn Fn(usize) -> usize| {
        (0..pages).map(|place| format!("{} 0 R ", object(place))).collect::<Vec<_>>().concat()
    };
    plain.push((2, format!("<</Type/Pages/Count {pages}/Kids[{}]>>", all(&page))));
    plain.push((4, format!("<</Type/StructElem/S/Document/P 3 0 R/K[{}]>>", all(&|place| page(place) + 3))));
    let parents = (0..pages).map(|place| format!("{place} {} 0 R ", page(place) + 2)).collect::<Vec<_>>().concat();
    plain.push((5, format!("<</Nums[{parents}]>>")));
    let mut streams = Vec::new();
    for place in 0..pages {
        let (own, first) = (page(place), page(place) + 3);
        plain.push((own, format!(
            "<</Type/Page/Parent 2 0 R/MediaBox[0 0 595.3 841.9]/Contents {} 0 R/StructParents {place}/Tabs/S\
             /Resources<</Font<</F1 6 0 R/F2 7 0 R>>/ProcSet[/PDF/Text]>>/Group<</Type/Group/S/Transparency/CS/DeviceRGB>>>>",
            own + 1
        )));
        let text = (0..ELEMENTS)
            .map(|k| format!("/P<</MCID {k}>>BDC BT /F1 10.5 Tf <{:08x}> Tj ET EMC\n", own * k))
            .collect::<Vec<_>>()
            .concat();
        streams.push((own + 1, stream("/Filter/FlateDecode", &pack(text.as_bytes()))));
        let elements = (0..ELEMENTS).map(|k| format!("{} 0 R ", first + k)).collect::<Vec<_>>().concat();
        plain.push((own + 2, format!("[{elements}]")));
        for k in 0..ELEMENTS {
            plain.push((first + k, format!(
                "<</Type/StructElem/S/P/P 4 0 R/Pg {own} 0 R/K {k}/A<</O/Layout/SpaceAfter 8.05/TextAlign/Justify>>/Lang(zh-CN)>>"
            )));
        }
    }
    pack_objects(&plain, &streams)
}

/// A file with these objects, those without a stream packed.
fn pack_objects(plain: &[(usize, String)], streams: &[(usize, Vec<u8>)]) -> Vec<u8> {
    let mut file = b"%PDF-1.7\n".to_vec();
    let mut rows: Vec<(usize, u8, usize, usize)> = Vec::new();
    let mut next = 1 + plain.iter().map(|(number, _)| *number).max().unwrap_or(0);
    let mut holders = Vec::new();
    for objects in plain.chunks(100) {
        let (mut header, mut body) = (String::new(), String::new());
        for (place, (number, object)) in objects.iter().enumerate() {
            rows.push((*number, 2, next, place));
            header.extend([number.to_string(), " ".into(), body.len().to_string(), " ".into()]);
            body.push_str(object);
            body.push(' ');
        }
        let dictionary = format!("/Type/ObjStm/N {}/First {}/Filter/FlateDecode", objects.len(), header.len());
        holders.push((next, stream(&dictionary, &pack([header, body].concat().as_bytes()))));
        next += 1;
    }
    for (number, object) in streams.iter().chain(&holders) {
        rows.push((*number, 1, file.len(), 0));
        file.extend([format!("{number} 0 obj\n").as_bytes(), object, b"\nendobj\n"].concat());
    }
    let index = rows.iter().map(|row| format!("{} 1 ", row.0)).collect::<Vec<_>>().concat();
    let mut data = Vec::new();
    for (_, kind, first, second) in rows {
        data.push(kind);
        data.extend((first as u32).to_be_bytes());
        data.push(second as u8);
    }
    let start = file.len();
    let dictionary = format!("/Type/XRef/W[1 4 1]/Index[{index}]/Size {}/Root 1 0 R/Filter/FlateDecode", next + 1);
    file.extend([format!("{next} 0 obj\n").as_bytes(), &stream(&dictionary, &pack(&data)), b"\nendobj\n"].concat());
    file.extend(format!("startxref\n{start}\n%%EOF\n").bytes());
    file
}
