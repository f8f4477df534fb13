use super::*;

fn parse(text: &[u8]) -> Result<Import, ImportError> {
    Import::parse(Path::new("cameras.csv"), text)
}

fn refused(text: &[u8]) -> String {
    parse(text).expect_err("refused").to_string()
}

#[test]
fn columns_may_stand_in_any_order_and_be_left_out() {
    let import = parse(b"Model, device\nX100 , a1\n,a2\n").unwrap();
    assert_eq!(import.asks()[0].device, "a1");
    assert_eq!(import.asks()[0].model.as_deref(), Some("X100"));
    assert_eq!(import.asks()[1], Ask::new("a2"));
    assert_eq!([0, 1, 2].map(|n| import.line(n)), [Some(2), Some(3), None]);
}

#[test]
fn a_priority_is_a_whole_number_or_left_out() {
    let import = parse(b"device,priority\na1,7\na2,-3\na3,\n").unwrap();
    let found: Vec<_> = import.asks().iter().map(|ask| ask.priority).collect();
    assert_eq!(found, [Some(7), Some(-3), None]);
    for wrong in ["high", "1.5", "3000000000"] {
        assert_eq!(
            refused(format!("device,priority\na1,1\na2,{wrong}\n").as_bytes()),
            format!("cameras.csv line 3: the priority \"{wrong}\" is not a whole number")
        );
    }
}

#[test]
fn what_a_spreadsheet_writes_is_read() {
    let import = parse(b"\xEF\xBB\xBFdevice;feature;model\r\na1;camera;\"A; B\"\r\n\r\na2;;\r\n");
    let import = import.unwrap();
    assert_eq!(import.asks()[0].model.as_deref(), Some("A; B"));
    assert_eq!([0, 1].map(|n| import.line(n)), [Some(2), Some(4)]);
}

#[test]
fn a_wrong_header_is_named() {
    assert_eq!(
        refused(b"device,fetaure\na1,camera\n"),
        "cameras.csv line 1: column 2 is \"fetaure\", not one of device, feature, model, priority"
    );
    assert_eq!(
        refused(b"feature,model\ncamera,x\n"),
        "cameras.csv line 1: there is no column device"
    );
    assert_eq!(
        refused(b"device,device\na1,a2\n"),
        "cameras.csv line 1: column 2 is a second \"device\""
    );
    assert_eq!(refused(b"device\n"), "cameras.csv names no device");
    assert_eq!(
        refused(b""),
        "cameras.csv line 1: there is no column device"
    );
}

#[test]
fn a_line_that_is_not_csv_is_named() {
    assert_eq!(
        refused(b"device,feature\na1,camera\na2\n"),
        "cameras.csv line 3: it has 1 field and the header has 2"
    );
    assert_eq!(
        refused(b"device,feature\r\na1,camera\r\n\r\na2\r\n"),
        "cameras.csv line 4: it has 1 field and the header has 2"
    );
    assert_eq!(
        refused(b"device,feature\na1,camera\na2,\xFFcamera\n"),
        "cameras.csv line 3: column 2 is not UTF-8 text"
    );
}

#[test]
fn a_refused_line_is_named_with_its_column() {
    let import = parse(b"device,feature\na1,camera\n\na2,camera\n").unwrap();
    let problem = |code: &str| Problem {
        kind: Problem::type_of(code),
        title: "Title".to_owned(),
        status: 422,
        detail: "\"a2\" is wrong".to_owned(),
        code: code.to_owned(),
        class: "wrong-procedure".to_owned(),
        next: "correct it".to_owned(),
        facts: serde_json::Map::from_iter([("index".to_owned(), json!(1))]),
    };
    let bad_feature = import.blame(problem("unknown-feature"));
    assert_eq!(
        bad_feature.to_string(),
        "cameras.csv line 4, column 2 (feature): \"a2\" is wrong"
    );
    let document = bad_feature.document();
    assert_eq!(document["line"], 4);
    assert_eq!(document["column"], 2);
    assert_eq!(document["code"], "unknown-feature");
    assert_eq!(
        import.blame(problem("no-channel-left")).to_string(),
        "cameras.csv line 4: \"a2\" is wrong"
    );
}
