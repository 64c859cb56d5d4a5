//! Values of flags that are taken for something else by a parser or by the system.

use super::Review;

pub(super) fn review(review: &mut Review) {
    review.heading("values");
    for arguments in [
        &["--profile", "/dev/zero"][..],
        &["--seed", "/dev/zero"],
        &["--config", "/dev/zero"],
        &["--admin-token", "é"],
        &["--admin-token", " 4711 "],
        &["--journal-entries", "-1"],
        &["--random-seed", "-1"],
        &["--listen", "-1"],
        &["--rate-limit", "-1"],
        &["--fault", "status=503,accountId=99999"],
        &["--proxy", "--tls-cert", "cert.pem", "--tls-key", "key.pem"],
        &["--ca-out", "ca.pem"],
        &["--proxy", "--ca-out", "nowhere/ca.pem", "--listen", ":0"],
        &["variants", "--timeout", "0", "--", "true"],
    ] {
        review.start(arguments);
    }
}
