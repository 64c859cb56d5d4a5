//! Mistakes in configuration, profile and seed files.

use super::Review;

pub(super) fn configuration_files(review: &mut Review) {
    review.heading("configuration files");
    review.start(&["--config", "nothing.toml"]);
    review.start(&["--config", "."]);
    let texts = [
        "listn = \":0\"",
        "colour = \"red\"",
        "# a comment\nlisten = 8080",
        "listen = \"nowhere\"",
        "profile = \"guidee\"",
        "set = [\"put.semantics=patch\"]",
        "set = \"put.semantics\"",
        "fault = [\"every=2\"]",
        "rate-limit = \"fast\"",
        "announce = \"loud\"",
        "users = -1",
        "explain = \"yes\"",
        "journal-bytes = \"16MB\"",
        "admin-token = 4711",
        "admin-token = [\"Canary-1\"]",
        "admin-token = \"\"",
        "admin_token = \"Canary-1\"",
        "admin-token = Canary-1",
        "admin-token: Canary-1",
        "admin-token = \"Canary-1",
        "users = \"Canary-1\"",
        "tls = \"Canary-1\"",
        "[listen",
        "listen = \":0\"\nlisten = \":1\"",
    ];
    review.with_files("--config", "config.toml", &texts);
}

pub(super) fn profile_files(review: &mut Review) {
    review.heading("profile files");
    let head = "format = 1\nname = \"x\"\nbase = \"guide\"\n";
    let below = |text: &str| format!("{head}{text}");
    let support = |keys: &str| {
        below(&format!(
            "evidence.\"put.semantics\" = {{ kind = \"support\", {keys} }}"
        ))
    };
    let texts = [
        "name = \"x\"".to_owned(),
        "format = 2\nname = \"x\"".to_owned(),
        "format = \n".to_owned(),
        "format = 1".to_owned(),
        "format = 1\nname = 7".to_owned(),
        "format = 1\nname = \"x\"".to_owned(),
        "format = 1\nname = \"x\"\nbase = \"guid\"".to_owned(),
        "format = 1\nname = \"x\"\nbase = \"mine\"".to_owned(),
        below("put = \"merge\""),
        below("colour = \"red\""),
        below("[format]\ndefault = \"json\""),
        "name = \"x\"\n[format]\ndefault = \"json\"".to_owned(),
        below("\"put.semantics\" = \"merge\"\n[put]\nsemantics = \"merge\""),
        below("[put]\nsemantic = \"merge\""),
        below("[put]\nsemantics = \"merg\""),
        below("[put]\nsemantics = \"patch\""),
        below("[password]\nclasses = 5"),
        below("[password]\nmin_length = 200"),
        below("[rate]\nlimit = \"fast\""),
        below("evidence = \"guide\""),
        below("[evidence.\"put.semantic\"]\nkind = \"guide\""),
        below("[evidence.\"put.semantics\"]\nkind = \"guide\""),
        below(
            "[evidence.\"put.semantics\"]\nkind = \"rumour\"\nsource = \"x\"\ndate = \"undated\"",
        ),
        below("[evidence.\"put.semantics\"]\nkind = \"guide\"\nsource = \"x\"\ndate = \"today\""),
        support(r#"ticket = "1", date = "2026-12-01""#),
        support(r#"by = " ", ticket = "1", date = "2026-12-01""#),
        support(r#"by = "Jo", date = "2026-12-01""#),
        support(r#"by = "Jo", ticket = "1""#),
        support(r#"by = "Jo", ticket = "1", date = """#),
        support(r#"by = "Jo", ticket = "1", date = "undated""#),
        support(r#"by = "Jo", tickets = "1""#),
        support("by = 7"),
        below(
            "[evidence.\"put.semantics\"]\nkind = \"published\"\nby = \"Jo\"\ndate = \"undated\"",
        ),
        below("[put"),
    ];
    review.with_files("--profile", "profile.toml", &texts);
}

pub(super) fn seed_files(review: &mut Review) {
    review.heading("seed files");
    for name in ["demoo", "mine", "nothing.json", "."] {
        review.start(&["--seed", name]);
    }
    let login = r#""login":{"username":"a","password":"Canary-1"}"#;
    let seed = |login: &str, rest: &str| {
        format!(
            r#"{{"format":1,"accounts":[{{"accountId":"1","nextUserNumber":2,{login}{rest}}}]}}"#
        )
    };
    let digests =
        |digest: &str| format!(r#""login":{{"username":"a","passwordDigests":["{digest}"]}}"#);
    let credential = |members: &str, roles: &str| {
        let rest = format!(
            r#","credentials":[{{{members},"accountScope":"ACCOUNT","roles":{roles},"accounts":["1"]}}]"#
        );
        seed(login, &rest)
    };
    let texts = [
        "{".to_owned(),
        "{\"format\":1,\n \"accounts\":[,]}".to_owned(),
        "{\"format\":1}".to_owned(),
        "{\"format\":1,\"accounts\":[]} and more".to_owned(),
        "{\"format\":1,\"accounts\":[]}".to_owned(),
        "{\"format\":3,\"accounts\":[]}".to_owned(),
        "{\"format\":1,\"accounts\":{}}".to_owned(),
        seed(login, r#","colour":"red""#),
        seed(login, r#","user":[]"#),
        seed(login, "").replace("\"1\"", "\"Canary 1\""),
        seed(
            login,
            r#","roles":[{"roleId":"r1","roleName":"A"},{"roleId":"r1","roleName":"B"}]"#,
        ),
        seed(login, r#","users":[{"userId":"u1"}]"#),
        seed(
            login,
            r#","users":[{"userId":"u9007199254740993","username":"x"}]"#,
        ),
        seed(
            login,
            r#","users":[{"userId":"u1","username":"x","roles":["Canary-1"]}]"#,
        ),
        seed(
            login,
            r#","users":[{"userId":"u1","username":"Canary-1"},{"userId":"u0","username":"Canary-1"}]"#,
        ),
        seed(
            login,
            r#","users":[{"userId":"u1","username":"x","enabled":"Canary-1"}]"#,
        ),
        seed(
            login,
            r#","users":[{"userId":"u1","username":"x","password":4711}]"#,
        ),
        seed(
            login,
            r#","users":[{"userId":"u1","username":"x","pasword":"Canary-1"}]"#,
        ),
        seed(r#""login":"Canary-1""#, ""),
        seed(r#""login":{"username":"a","password":["Canary-1"]}"#, ""),
        seed(r#""login":{"username":"a","password":Canary-1}"#, ""),
        seed(r#""login":{"username":"a:Canary-1","password":"x"}"#, ""),
        seed(r#""login":{"username":"a","password":""}"#, ""),
        seed(r#""login":{"username":"a"}"#, ""),
        seed(&digests("Canary-1"), ""),
        seed(&digests(&"4711".repeat(16)), ""),
        seed(login, r#","salt":"4711""#),
        credential(
            r#""clientId":"a:Canary-1","clientSecret":"x""#,
            r#"["Porting"]"#,
        ),
        credential(r#""clientId":"a","clientSecret":"""#, r#"["Porting"]"#),
        credential(r#""clientId":"a","clientSecret":4711"#, r#"["Porting"]"#),
        credential(r#""clientId":"a","secret":"Canary-1""#, r#"["Porting"]"#),
        credential(r#""clientId":"a""#, "[]"),
    ];
    review.with_files("--seed", "seed.json", &texts);
}
