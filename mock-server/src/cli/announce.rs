//! What a server says when it is ready.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use bandwidth_fixtures::seed::SeedAccount;
use serde_json::json;

use super::{Announce, print};
use crate::config::Config;

/// Prints the announcement: JSON on stdout, text on stderr.
pub(super) fn announce(config: &Config, address: SocketAddr) {
    let Some(account) = config.seed.accounts.first() else {
        return;
    };
    let origin = format!("http://{}", reachable(address));
    match config.announce {
        Announce::Json => print(&json_line(config, account, &origin)),
        Announce::Text => eprint!("{}", text(config, account, &origin)),
    }
}

/// An address that a client can use: a server that listens everywhere is also on loopback.
fn reachable(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, address.port())
}

fn json_line(config: &Config, account: &SeedAccount, origin: &str) -> String {
    let line = json!({
        "baseUrl": format!("{origin}/api"),
        "adminUrl": format!("{origin}/__admin"),
        "accountId": account.account_id,
        "username": account.login.username,
        "password": account.login.password.expose(),
        "profile": config.profile.name(),
    });
    format!("{line}\n")
}

fn text(config: &Config, account: &SeedAccount, origin: &str) -> String {
    use bandwidth_fixtures::profile::JsonCase;
    let options = config.profile.options();
    let base = format!("{origin}/api/accounts/{}", account.account_id);
    let (username, password) = (&account.login.username, account.login.password.expose());
    let login = shell_quoted(&format!("{username}:{password}"));
    let email = options.naming_email.field();
    let key = |name: &str| match options.naming_json_case {
        JsonCase::Pascal => name.to_owned(),
        JsonCase::Camel => name[..1].to_ascii_lowercase() + &name[1..],
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

  base URL  {origin}/api
  account   {account}
  login     {username} / {password}

Try it:
  curl -u {login} {base}/users
  curl -u {login} -H 'Accept: application/json' {base}/roles
  curl -u {login} -H 'Accept: application/json' -H 'Content-Type: application/json' -d '{body}' {base}/users

Ctrl-C stops it.
",
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
    use super::{json_line, reachable, shell_quoted, text};
    use crate::config::Config;

    #[test]
    fn the_announcements() {
        let config = Config::default();
        let account = &config.seed.accounts[0];
        let origin = "http://127.0.0.1:8080";
        insta::assert_snapshot!(
            text(&config, account, origin) + &json_line(&config, account, origin)
        );
    }

    #[test]
    fn addresses_are_ones_that_a_client_can_use() {
        for (address, expected) in [
            ("0.0.0.0:80", "127.0.0.1:80"),
            ("[::]:80", "[::1]:80"),
            ("10.1.2.3:80", "10.1.2.3:80"),
        ] {
            assert_eq!(reachable(address.parse().unwrap()).to_string(), expected);
        }
    }

    #[test]
    fn quotes_survive_a_shell() {
        assert_eq!(shell_quoted("it's"), r"'it'\''s'");
    }
}
