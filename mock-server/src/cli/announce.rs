//! The message that a server is ready.

use std::fmt::Write as _;

use bandwidth_fixtures::{
    Profile,
    profile::{AuthSchemes, JsonCase, JsonSupport, Telephone},
    seed::SeedAccount,
};
use serde_json::json;

use super::{print, print_to_stderr};
use crate::{
    address::{BANDWIDTH_HOSTS, reachable, token_url},
    arguments::{Announce, Program},
    config::Config,
    deadline::basic_ends,
    generate::client_of,
    server::Addresses,
};

/// Most accounts that are printed with their logins.
const SHOWN: usize = 5;
/// Shown in place of a password that the mock does not have.
const NO_PASSWORD: &str = "(the seed has its digest only)";

/// Addresses of a server.
struct Urls {
    /// The base of the emulated API.
    base: String,
    /// The base URL with the other loopback address, if there are two.
    base_too: Option<String>,
    /// The control API, always by plain HTTP: clients get the certificate there.
    admin: String,
    /// The proxy for Bandwidth's hosts.
    proxy: Option<String>,
}

/// Prints the announcement: JSON on stdout, text on stderr.
pub(super) fn announce(program: &Program, addresses: &Addresses) -> Result<(), String> {
    let config = &program.config;
    let accounts: Vec<SeedAccount> = config.accounts().collect();
    let Some(account) = accounts.first() else {
        return Ok(());
    };
    let scheme = if config.tls.is_some() {
        "https"
    } else {
        "http"
    };
    let base = |address| format!("{scheme}://{}/api", reachable(address));
    let urls = Urls {
        base: base(addresses.api),
        base_too: addresses.api_too.map(base),
        admin: format!("http://{}/__admin", reachable(addresses.admin)),
        proxy: config
            .proxy
            .then(|| format!("http://{}", reachable(addresses.api))),
    };
    match program.announce {
        Announce::Json => print(&json_line(config, account, &urls)),
        Announce::Text => {
            print_to_stderr(&text(config, &program.set, &accounts, &urls));
            Ok(())
        }
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

/// The first client id of the account; the one with a secret in the clear, if there is one.
fn client_id(account: &SeedAccount) -> Option<String> {
    let first = || Some(account.credentials.as_ref()?.first()?.client_id.clone());
    client_of(account).map_or_else(first, |(id, _)| Some(id))
}

fn json_line(config: &Config, account: &SeedAccount, urls: &Urls) -> String {
    let mut line = json!({
        "baseUrl": urls.base,
        "tokenUrl": token_url(&urls.base),
        "adminUrl": urls.admin,
        "accountId": account.account_id,
        "domainName": account.domain_name,
        "furtherAccounts": account.further_accounts,
        "username": account.login.username,
        "password": password(account),
        "clientId": client_id(account),
        "clientSecret": client_of(account).map(|(_, secret)| secret.expose().to_owned()),
        "profile": config.profile.name(),
    });
    if let Some(proxy) = &urls.proxy {
        line["proxyUrl"] = proxy.as_str().into();
    }
    if let Some(token) = &config.admin_token {
        line["adminToken"] = token.expose().into();
    }
    format!("{line}\n")
}

fn text(config: &Config, set: &[String], accounts: &[SeedAccount], urls: &Urls) -> String {
    let mut profile = config.profile.name().to_owned();
    if !set.is_empty() {
        profile = format!("{profile} with {}", set.join(", "));
    }
    let mut text = format!(
        "bandwidth-mock {}, profile {profile}: {}\n\n  base URL  {}\n",
        env!("CARGO_PKG_VERSION"),
        config.profile.description(),
        urls.base,
    );
    if let Some(too) = &urls.base_too {
        let _ = writeln!(text, "            {too}");
    }
    if let Some(proxy) = &urls.proxy {
        let hosts = BANDWIDTH_HOSTS.join(", ");
        let _ = writeln!(text, "  proxy     {proxy} for {hosts}");
    }
    let _ = writeln!(text, "  control   {}", urls.admin);
    if let Some(token) = &config.admin_token {
        let token = token.expose();
        let _ = writeln!(
            text,
            "  token     {token} (Authorization: Bearer, for the control API)"
        );
    }
    let _ = writeln!(text, "  inspector {}/ui", urls.admin);
    for account in accounts.iter().take(SHOWN) {
        let login = format!(
            "{} / {}",
            account.login.username,
            password(account).unwrap_or(NO_PASSWORD)
        );
        let _ = writeln!(
            text,
            "  account   {}\n  domain    {}{}\n  login     {login}",
            account.account_id,
            account.domain_name,
            also(account),
        );
        if let Some(id) = client_id(account) {
            let secret = client_of(account);
            let secret = secret
                .as_ref()
                .map_or(NO_PASSWORD, |(_, text)| text.expose());
            let _ = writeln!(text, "  client    {id} / {secret}");
        }
    }
    if let Some(more) = accounts.len().checked_sub(SHOWN).filter(|more| *more > 0) {
        let _ = writeln!(
            text,
            "            and {more} more: GET {}/accounts",
            urls.admin
        );
    }
    let _ = writeln!(text, "\n{}", basic_ends(config.profile.options()));
    text += "\nTry it:\n";
    for command in accounts
        .first()
        .map(|first| commands(config, first, urls))
        .into_iter()
        .flatten()
    {
        let _ = writeln!(text, "  {command}");
    }
    text + "\nCtrl-C stops it.\n"
}

/// The further accounts of the domain.
fn also(account: &SeedAccount) -> String {
    let ids: Vec<&str> = account.account_ids().skip(1).collect();
    match ids[..] {
        [] => String::new(),
        _ => format!(", also with {}", ids.join(", ")),
    }
}

/// Commands that work on the server as it is.
fn commands(config: &Config, account: &SeedAccount, urls: &Urls) -> Vec<String> {
    let options = config.profile.options();
    let account_url = format!("{}/accounts/{}", urls.base, account.account_id);
    let password = password(account).unwrap_or(NO_PASSWORD);
    let login = shell_quoted(&format!("{}:{password}", account.login.username));
    let basic = format!("-u {login}");
    let mut commands = Vec::new();
    let mut curl = "curl".to_owned();
    if config.tls.is_some() {
        commands.push(format!("curl -fo ca.pem {}/ca.pem", urls.admin));
        curl += " --cacert ca.pem";
    }
    let auth = if options.auth_schemes == AuthSchemes::Bearer {
        let client = client_of(account);
        let secret = client
            .as_ref()
            .map_or(NO_PASSWORD, |(_, text)| text.expose());
        let client = shell_quoted(&format!(
            "{}:{secret}",
            client_id(account).unwrap_or_default()
        ));
        commands.push(format!(
            "token=$({curl} -s -u {client} -d grant_type=client_credentials {} | \
             sed 's/.*\"access_token\":\"\\([^\"]*\\)\".*/\\1/')",
            token_url(&urls.base)
        ));
        "-H \"Authorization: Bearer $token\"".to_owned()
    } else {
        basic
    };
    let (accept, body) = body(options);
    commands.extend([
        format!("{curl} {auth} {account_url}/users"),
        format!("{curl} {auth}{accept} {account_url}/roles"),
        format!("{curl} {auth}{accept} {body} {account_url}/users"),
    ]);
    commands
}

/// The arguments for the better format, and the body of a create.
fn body(options: &Profile) -> (&'static str, String) {
    let mut fields = vec![
        ("Username", "asmith"),
        ("FirstName", "Anna"),
        ("LastName", "Smith"),
        (options.naming_email.field(), "asmith@example.com"),
    ];
    if options.user_telephone == Telephone::TenDigitsRequired {
        fields.push(("TelephoneNumber", "9195551234"));
    }
    fields.push(("Password", "Teal-Wagon.47"));
    if options.format_json == JsonSupport::Never {
        let mut xml = String::new();
        for (name, text) in &fields {
            let _ = write!(xml, "<{name}>{text}</{name}>");
        }
        let body = format!("-H 'Content-Type: application/xml' -d '<User>{xml}</User>'");
        return ("", body);
    }
    let key = |name: &str| match options.naming_json_case {
        JsonCase::Pascal => name.to_owned(),
        JsonCase::Camel => name[..1].to_ascii_lowercase() + &name[1..],
    };
    let members: Vec<String> = fields
        .iter()
        .map(|(name, text)| format!("\"{}\":\"{text}\"", key(name)))
        .collect();
    let json = members.join(",");
    (
        " -H 'Accept: application/json'",
        format!("-H 'Content-Type: application/json' -d '{{{json}}}'"),
    )
}

fn shell_quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use bandwidth_fixtures::Secret;

    use super::{Urls, json_line, shell_quoted, text};
    use crate::{config::Config, tls::Certificate};

    #[test]
    fn the_announcements() {
        let mut config = Config::default();
        let accounts: Vec<_> = config.accounts().collect();
        let account = &accounts[0];
        let urls = |scheme: &str| Urls {
            base: format!("{scheme}://127.0.0.1:8080/api"),
            base_too: None,
            admin: "http://127.0.0.1:8080/__admin".to_owned(),
            proxy: None,
        };
        let http = Urls {
            base_too: Some("http://[::1]:8080/api".to_owned()),
            proxy: Some("http://127.0.0.1:8080".to_owned()),
            ..urls("http")
        };
        let plain = text(&config, &[], &accounts, &http) + &json_line(&config, account, &http);
        config.tls = Some(Certificate::Generated(Vec::new()));
        config.admin_token = Some(Secret::new("4711"));
        let https = urls("https");
        let secured = text(&config, &[], &accounts, &https) + &json_line(&config, account, &https);
        insta::assert_snapshot!(plain + "\n" + &secured);
    }

    #[test]
    fn the_commands_are_such_that_the_profile_takes_them() {
        let set = [
            "auth.schemes=bearer",
            "format.json=never",
            "user.telephone=ten_digits_required",
        ]
        .map(str::to_owned);
        let mut config = Config::default();
        config.profile.set(set.iter().map(String::as_str)).unwrap();
        let first = config.seed.accounts[0].clone();
        for number in 1..=6 {
            let mut account = first.clone();
            account.account_id = format!("9000{number}");
            account.login.username = format!("api-{number}");
            account.credentials = None;
            config.seed.accounts.push(account);
        }
        let urls = Urls {
            base: "http://127.0.0.1:8080/api".to_owned(),
            base_too: None,
            proxy: None,
            admin: "http://127.0.0.1:8080/__admin".to_owned(),
        };
        let accounts: Vec<_> = config.accounts().collect();
        insta::assert_snapshot!(text(&config, &set, &accounts, &urls));
    }

    #[test]
    fn quotes_survive_a_shell() {
        assert_eq!(shell_quoted("it's"), r"'it'\''s'");
    }
}
