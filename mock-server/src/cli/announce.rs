//! What a server says when it is ready.

use bandwidth_fixtures::seed::SeedAccount;
use serde_json::json;

use super::{Announce, print};
use crate::{address::reachable, config::Config, server::Addresses};

/// Where a server is.
struct Urls {
    /// The base of the emulated API.
    base: String,
    /// The control API, always by plain HTTP: the certificate comes from there.
    admin: String,
}

/// Prints the announcement: JSON on stdout, text on stderr.
pub(super) fn announce(config: &Config, addresses: &Addresses) {
    let Some(account) = config.seed.accounts.first() else {
        return;
    };
    let scheme = if config.tls.is_some() {
        "https"
    } else {
        "http"
    };
    let urls = Urls {
        base: format!("{scheme}://{}/api", reachable(addresses.api)),
        admin: format!("http://{}/__admin", reachable(addresses.admin)),
    };
    match config.announce {
        Announce::Json => print(&json_line(config, account, &urls)),
        Announce::Text => eprint!("{}", text(config, account, &urls)),
    }
}

/// The login's password. A seed that is a snapshot has digests only.
fn password(account: &SeedAccount) -> Option<&str> {
    account
        .login
        .password
        .as_ref()
        .map(bandwidth_fixtures::Secret::expose)
}

fn json_line(config: &Config, account: &SeedAccount, urls: &Urls) -> String {
    let mut line = json!({
        "baseUrl": urls.base,
        "adminUrl": urls.admin,
        "accountId": account.account_id,
        "username": account.login.username,
        "password": password(account),
        "profile": config.profile.name(),
    });
    if let Some(token) = &config.admin_token {
        line["adminToken"] = token.expose().into();
    }
    format!("{line}\n")
}

fn text(config: &Config, account: &SeedAccount, urls: &Urls) -> String {
    use bandwidth_fixtures::profile::JsonCase;
    let options = config.profile.options();
    let base = format!("{}/accounts/{}", urls.base, account.account_id);
    let username = &account.login.username;
    let password = password(account).unwrap_or("(the seed has its digest only)");
    let login = shell_quoted(&format!("{username}:{password}"));
    let email = options.naming_email.field();
    let key = |name: &str| match options.naming_json_case {
        JsonCase::Pascal => name.to_owned(),
        JsonCase::Camel => name[..1].to_ascii_lowercase() + &name[1..],
    };
    let ca = match config.tls {
        Some(_) => " --cacert ca.pem",
        None => "",
    };
    let mut more = String::new();
    if let Some(token) = &config.admin_token {
        more = format!(
            "\n  token     {} (Authorization: Bearer, for the control API)",
            token.expose()
        );
    }
    let fetch = match config.tls {
        Some(_) => format!("\n  curl -o ca.pem {}/ca.pem", urls.admin),
        None => String::new(),
    };
    let body = json!({
        key("Username"): "asmith",
        key("FirstName"): "Anna",
        key("LastName"): "Smith",
        key(email): "asmith@example.com",
        key("Password"): "Teal-Wagon.47",
    });
    format!(
        "bandwidth-mock {version}, profile {profile}: {description}

  base URL  {base_url}
  control   {admin}{more}
  inspector {admin}/ui
  account   {account}
  login     {username} / {password}

Try it:{fetch}
  curl{ca} -u {login} {base}/users
  curl{ca} -u {login} -H 'Accept: application/json' {base}/roles
  curl{ca} -u {login} -H 'Accept: application/json' -H 'Content-Type: application/json' -d '{body}' {base}/users

Ctrl-C stops it.
",
        base_url = urls.base,
        admin = urls.admin,
        version = env!("CARGO_PKG_VERSION"),
        profile = config.profile.name(),
        description = config.profile.description(),
        account = account.account_id,
    )
}

fn shell_quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use bandwidth_fixtures::Secret;

    use super::{Urls, json_line, shell_quoted, text};
    use crate::config::{Certificate, Config};

    #[test]
    fn the_announcements() {
        let mut config = Config::default();
        let account = config.seed.accounts[0].clone();
        let urls = |scheme: &str| Urls {
            base: format!("{scheme}://127.0.0.1:8080/api"),
            admin: "http://127.0.0.1:8080/__admin".to_owned(),
        };
        let http = urls("http");
        let plain = text(&config, &account, &http) + &json_line(&config, &account, &http);
        config.tls = Some(Certificate::Generated(Vec::new()));
        config.admin_token = Some(Secret::new("4711"));
        let https = urls("https");
        let secured = text(&config, &account, &https) + &json_line(&config, &account, &https);
        insta::assert_snapshot!(plain + "\n" + &secured);
    }

    #[test]
    fn quotes_survive_a_shell() {
        assert_eq!(shell_quoted("it's"), r"'it'\''s'");
    }
}
