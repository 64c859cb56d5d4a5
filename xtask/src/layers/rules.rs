//! The rules of `cargo xtask layers`.

/// The modules of a crate by rung, the lowest first. A submodule belongs to its module, unless it
/// has an entry of its own (`target::embedded`). Modules of one rung do not import each other.
pub(super) struct Ladder {
    pub(super) within: &'static str,
    /// True if a module and its submodule may import each other.
    pub(super) families: bool,
    pub(super) rungs: &'static [&'static [&'static str]],
}

pub(super) const LADDERS: &[Ladder] = &[
    Ladder {
        within: "fixtures/src",
        families: true,
        rungs: &[
            &["date", "secret", "describe", "rate", "scope"],
            &["distinct", "text_file"],
            &["error", "known"],
            &["evidence"],
            &["behaviour"],
            &["error_code"],
            &["profile"],
            &["questions"],
            &["operation", "seed"],
            &["golden"],
            &["lib"],
        ],
    },
    Ladder {
        within: "mock-server/src",
        families: true,
        rungs: &[
            &[
                "address", "charset", "clock", "deadline", "host", "jwt", "peer", "random", "text",
                "wire",
            ],
            &["codec", "domain", "fault"],
            &["generate", "logins"],
            &["store"],
            &["journal"],
            &["metrics"],
            &["app"],
            &["control"],
            &["tls", "timer", "proxy"],
            &["stream"],
            &["http", "admin"],
            &["service"],
            &["server"],
            &["config"],
            &["internals"],
            &["embedded"],
            &["arguments"],
            &["trial"],
            &["traffic"],
            &["record"],
            &["variants", "rehearse"],
            &["cli"],
            &["lib"],
            &["main"],
        ],
    },
    Ladder {
        within: "conformance/src",
        families: false,
        rungs: &[
            &["error", "verdict", "redact", "random", "leftover", "files"],
            &["claims", "password", "target"],
            &["login", "limits"],
            &["transport"],
            &["exchange", "challenges", "token", "decode"],
            &["wire", "transcript"],
            &["fit", "dispatch"],
            &["account"],
            &["dialogue"],
            &["target::embedded", "target::har", "case"],
            &["suites", "probe", "fuzz", "describe"],
            &["registry", "outcome"],
            &["known", "runner", "report"],
            &["cli"],
            &["surroundings"],
            &["commands"],
            &["lib"],
            &["main"],
        ],
    },
    Ladder {
        within: "xtask/src",
        families: true,
        rungs: &[
            &["process", "workspace"],
            &["mock", "pages"],
            &["site"],
            &[
                "bench", "dist", "docs", "fuzz", "generate", "layers", "mutants",
            ],
            &["main"],
        ],
    },
];

/// Texts that are allowed only in some modules of a crate: the crate, the texts, the modules, the
/// reason.
pub(super) type Only = (
    &'static str,
    &'static [&'static str],
    &'static [&'static str],
    &'static str,
);

pub(super) const ONLY: &[Only] = &[
    (
        "mock-server/src",
        &["axum", "hyper", "tower"],
        &[
            "admin",
            "fault",
            "host",
            "http",
            "internals",
            "journal",
            "proxy",
            "record",
            "server",
            "service",
            "timer",
            "traffic",
        ],
        "only what serves knows HTTP",
    ),
    (
        "mock-server/src",
        &["StatusCode"],
        &["admin", "http", "proxy", "record"],
        "a status is chosen in http, for the control API in admin, and for a proxy's own answers there",
    ),
    (
        "mock-server/src",
        &["clap", "tracing_subscriber"],
        &[
            "arguments",
            "cli",
            "record",
            "traffic",
            "trial",
            "variants",
            "rehearse",
        ],
        "the library stands without the program",
    ),
    (
        "mock-server/src",
        &["quick_xml"],
        &["codec", "journal", "traffic"],
        "only codec, what redacts and what compares traffic know a format",
    ),
    (
        "mock-server/src",
        &["\"guide\"", "\"published\""],
        &["config"],
        "behaviour differs through the options of a profile; only the default names one",
    ),
    (
        "mock-server/src",
        &[".name() ==", ".name() !="],
        &["variants"],
        "behaviour differs through the options of a profile; only variants distinguishes profiles",
    ),
    (
        "conformance/src",
        &["bandwidth_mock"],
        &["target::embedded", "target::har", "probe"],
        "the suite is a black box: only the probe, and what starts the emulator and its recorder, know it",
    ),
    (
        "fixtures/src",
        &["axum", "clap", "tokio"],
        &[],
        "fixtures are data below both programs",
    ),
];

/// Modules that may use no crates but these, beside `std`.
pub(super) const PURE: &[(&str, &str, &str)] = &[
    ("mock-server/src", "wire", "bandwidth_fixtures"),
    (
        "mock-server/src",
        "domain",
        "bandwidth_fixtures hashbrown sha2 subtle thiserror uuid",
    ),
    (
        "mock-server/src",
        "codec",
        "bandwidth_fixtures bytes quick_xml serde serde_json thiserror",
    ),
];
