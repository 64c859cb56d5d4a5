//! From the wire values of responses to bytes.
//!
//! Each shape is written once, against [`Writer`]; the two writers turn it into XML or JSON.

use bandwidth_fixtures::{
    Consultation, TextField,
    profile::{ErrorShape, JsonCase},
};

use super::{Format, names::name_of, node::Node};
use crate::wire::{ErrorView, RoleView, UserView};

/// A whole body.
#[derive(Debug)]
pub enum Document<'a> {
    /// One user: `UserResponse>User`, or the bare user in JSON.
    User(UserView<'a>),
    /// A list of no users: `UsersResponse>Users`. One with users is made of [`list_items`] in a
    /// [`list_frame`].
    NoUsers,
    /// A list of roles: `RolesResponse>Roles>Role*`.
    Roles(Vec<RoleView<'a>>),
    /// Nothing: an empty `UserResponse`, or `{}`.
    Nothing,
    /// An error below `root`, as `UserResponse>ResponseStatus>{ErrorCode,Description}`.
    Error {
        /// Name of the XML root.
        root: &'static str,
        error: ErrorView<'a>,
    },
}

/// The elements around the users of a list: `UsersResponse>Users>User*`.
#[derive(Debug)]
pub struct ListFrame {
    /// Before the first.
    pub start: Vec<u8>,
    /// Between two.
    pub between: &'static [u8],
    /// After the last.
    pub end: Vec<u8>,
}

/// The elements around users in a list.
pub fn list_frame(format: Format, rules: &Consultation) -> ListFrame {
    let empty = encode(format, &Document::NoUsers, rules);
    match format {
        Format::Xml => {
            let end = b"</Users></UsersResponse>";
            let place = empty.len() - b"/></UsersResponse>".len();
            let mut start = empty[..place].to_vec();
            start.push(b'>');
            ListFrame {
                start,
                between: b"",
                end: end.to_vec(),
            }
        }
        Format::Json => {
            let end = b"]}";
            ListFrame {
                start: empty[..empty.len() - end.len()].to_vec(),
                between: b",",
                end: end.to_vec(),
            }
        }
    }
}

/// Users in a list.
pub fn list_items<'v>(
    format: Format,
    views: impl Iterator<Item = UserView<'v>>,
    rules: &Consultation,
) -> Vec<u8> {
    match format {
        Format::Xml => {
            let mut writer = Xml { out: Vec::new() };
            for view in views {
                writer.element("User", |w| user(w, &view, rules));
            }
            writer.out
        }
        Format::Json => {
            let mut writer = Json {
                out: Vec::new(),
                case: rules.naming_json_case(),
            };
            for view in views {
                if !writer.out.is_empty() {
                    writer.out.push(b',');
                }
                writer.braces(|w| user(w, &view, rules));
            }
            writer.out
        }
    }
}

/// Writes a body.
pub fn encode(format: Format, document: &Document<'_>, rules: &Consultation) -> Vec<u8> {
    match format {
        Format::Xml => {
            let mut writer = Xml::document();
            write(&mut writer, document, rules);
            writer.out
        }
        Format::Json => {
            let mut writer = Json {
                out: Vec::with_capacity(256),
                case: rules.naming_json_case(),
            };
            write(&mut writer, document, rules);
            writer.out
        }
    }
}

/// Operations that both formats can write. Names are those of XML.
trait Writer: Sized {
    /// The outermost thing: an element, or a JSON object without a name.
    fn root(&mut self, name: &str, content: impl FnOnce(&mut Self));
    /// An only child of the root: an element in XML, nothing in JSON.
    fn only(&mut self, name: &str, content: impl FnOnce(&mut Self));
    /// An element with elements in it, or a JSON object.
    fn object(&mut self, name: &str, content: impl FnOnce(&mut Self));
    /// An element with one element per item in it, or a JSON array of objects.
    fn list<T>(&mut self, name: &str, item: &str, items: &[T], content: impl Fn(&mut Self, &T));
    /// An element that is repeated for each item, or a JSON array of objects.
    fn repeated(&mut self, name: &str, content: impl FnOnce(&mut Self));
    fn text(&mut self, name: &str, value: &str);
    fn literal(&mut self, name: &str, value: &str);

    fn optional(&mut self, name: &str, value: Option<&str>) {
        if let Some(value) = value {
            self.text(name, value);
        }
    }
}

fn write(writer: &mut impl Writer, document: &Document<'_>, rules: &Consultation) {
    match document {
        Document::User(view) => {
            writer.root("UserResponse", |w| w.only("User", |w| user(w, view, rules)));
        }
        Document::NoUsers => writer.root("UsersResponse", |w| {
            w.list("Users", "User", &[], |_, (): &()| {});
        }),
        Document::Roles(views) => {
            writer.root("RolesResponse", |w| w.list("Roles", "Role", views, role));
        }
        Document::Nothing => writer.root("UserResponse", |_| {}),
        Document::Error { root, error } => {
            let shape = rules.errors_shape();
            let root = match shape {
                ErrorShape::IrisStatus => "ErrorResponse",
                _ => root,
            };
            writer.root(root, |w| error_body(w, error, shape));
        }
    }
}

fn user(writer: &mut impl Writer, view: &UserView<'_>, rules: &Consultation) {
    writer.optional("UserId", view.user_id);
    writer.text("Username", view.username);
    for field in TextField::ALL.iter().copied() {
        if let Some(text) = view.texts[field]
            && let Some(name) = name_of(field, rules)
        {
            writer.text(name, text);
        }
    }
    if let Some(roles) = &view.roles {
        writer.list("Roles", "Role", roles, role);
    }
    if let Some(enabled) = view.enabled {
        writer.literal("Enabled", if enabled { "true" } else { "false" });
    }
    if let Some(accounts) = &view.accounts {
        writer.list("Accounts", "Account", accounts, |w, account| {
            w.text("AccountId", account.id);
            w.text("CompanyName", account.company_name);
        });
    }
}

fn role<W: Writer>(writer: &mut W, view: &RoleView<'_>) {
    writer.optional("RoleId", view.id);
    writer.text("RoleName", view.name);
    if let Some(permissions) = view.permissions {
        writer.list("Permissions", "Permission", permissions, |w, permission| {
            w.text("PermissionName", permission);
        });
    }
}

fn error_body(writer: &mut impl Writer, error: &ErrorView<'_>, shape: ErrorShape) {
    let code = error.code.to_string();
    match shape {
        ErrorShape::ResponseStatus => writer.object("ResponseStatus", |w| {
            w.literal("ErrorCode", &code);
            w.text("Description", error.description);
        }),
        ErrorShape::ResponseStatusWithoutCode => writer.object("ResponseStatus", |w| {
            w.text("Description", error.description);
        }),
        ErrorShape::ErrorList => writer.list("ErrorList", "Error", &[error], |w, error| {
            w.literal("Code", &code);
            w.text("Description", error.description);
        }),
        ErrorShape::Error => writer.object("Error", |w| {
            w.literal("Code", &code);
            w.text("Description", error.description);
        }),
        ErrorShape::IrisStatus => writer.object("irisStatus", |w| {
            w.literal("Code", &code);
            w.text("Description", error.description);
        }),
        ErrorShape::Errors => writer.repeated("Errors", |w| {
            w.literal("Code", &code);
            w.text("Description", error.description);
        }),
    }
}

pub(super) struct Xml {
    pub(super) out: Vec<u8>,
}

impl Xml {
    /// The start of a document.
    pub(super) fn document() -> Self {
        let mut out = Vec::with_capacity(512);
        out.extend_from_slice(br#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>"#);
        Self { out }
    }

    /// A tree below that name.
    pub(super) fn node(&mut self, name: &str, node: &Node) {
        match node {
            Node::Text(text) => self.text(name, text),
            Node::Fields(fields) => self.element(name, |w| {
                for (name, node) in fields {
                    w.node(name, node);
                }
            }),
            Node::Null | Node::Empty | Node::Boolean(_) | Node::Number | Node::List(_) => {
                self.element(name, |_| {});
            }
        }
    }

    fn element(&mut self, name: &str, content: impl FnOnce(&mut Self)) {
        self.out.push(b'<');
        self.out.extend_from_slice(name.as_bytes());
        self.out.push(b'>');
        let before = self.out.len();
        content(self);
        if self.out.len() == before {
            self.out.pop();
            self.out.extend_from_slice(b"/>");
        } else {
            self.out.extend_from_slice(b"</");
            self.out.extend_from_slice(name.as_bytes());
            self.out.push(b'>');
        }
    }
}

impl Writer for Xml {
    fn root(&mut self, name: &str, content: impl FnOnce(&mut Self)) {
        self.element(name, content);
    }

    fn only(&mut self, name: &str, content: impl FnOnce(&mut Self)) {
        self.element(name, content);
    }

    fn object(&mut self, name: &str, content: impl FnOnce(&mut Self)) {
        self.element(name, content);
    }

    fn list<T>(&mut self, name: &str, item: &str, items: &[T], content: impl Fn(&mut Self, &T)) {
        self.element(name, |w| {
            for value in items {
                w.element(item, |w| content(w, value));
            }
        });
    }

    fn repeated(&mut self, name: &str, content: impl FnOnce(&mut Self)) {
        self.element(name, content);
    }

    fn text(&mut self, name: &str, value: &str) {
        self.element(name, |w| {
            let bytes = value.as_bytes();
            let mut written = 0;
            for (index, byte) in value.bytes().enumerate() {
                let escape: &[u8] = match byte {
                    b'&' => b"&amp;",
                    b'<' => b"&lt;",
                    b'>' => b"&gt;",
                    // A reader turns a bare carriage return into a line feed.
                    b'\r' => b"&#13;",
                    _ => continue,
                };
                w.out.extend_from_slice(&bytes[written..index]);
                w.out.extend_from_slice(escape);
                written = index + 1;
            }
            w.out.extend_from_slice(&bytes[written..]);
        });
    }

    fn literal(&mut self, name: &str, value: &str) {
        self.text(name, value);
    }
}

struct Json {
    out: Vec<u8>,
    case: JsonCase,
}

impl Json {
    fn key(&mut self, name: &str) {
        if !matches!(self.out.last(), None | Some(b'{')) {
            self.out.push(b',');
        }
        self.out.push(b'"');
        let start = self.out.len();
        self.out.extend_from_slice(name.as_bytes());
        if self.case == JsonCase::Camel {
            self.out[start..=start].make_ascii_lowercase();
        }
        self.out.extend_from_slice(b"\":");
    }

    fn braces(&mut self, content: impl FnOnce(&mut Self)) {
        self.out.push(b'{');
        content(self);
        self.out.push(b'}');
    }
}

impl Writer for Json {
    fn root(&mut self, _: &str, content: impl FnOnce(&mut Self)) {
        self.braces(content);
    }

    fn only(&mut self, _: &str, content: impl FnOnce(&mut Self)) {
        content(self);
    }

    fn object(&mut self, name: &str, content: impl FnOnce(&mut Self)) {
        self.key(name);
        self.braces(content);
    }

    fn list<T>(&mut self, name: &str, _: &str, items: &[T], content: impl Fn(&mut Self, &T)) {
        self.key(name);
        self.out.push(b'[');
        for (index, value) in items.iter().enumerate() {
            if index > 0 {
                self.out.push(b',');
            }
            self.braces(|w| content(w, value));
        }
        self.out.push(b']');
    }

    fn repeated(&mut self, name: &str, content: impl FnOnce(&mut Self)) {
        self.key(name);
        self.out.push(b'[');
        self.braces(content);
        self.out.push(b']');
    }

    fn text(&mut self, name: &str, value: &str) {
        const HEX: &[u8; 16] = b"0123456789abcdef";
        self.key(name);
        self.out.push(b'"');
        let bytes = value.as_bytes();
        let mut written = 0;
        for (index, byte) in value.bytes().enumerate() {
            let mut code = *b"\\u0000";
            let escape: &[u8] = match byte {
                b'"' => b"\\\"",
                b'\\' => b"\\\\",
                b'\n' => b"\\n",
                b'\r' => b"\\r",
                b'\t' => b"\\t",
                0..0x20 => {
                    code[4] = HEX[usize::from(byte >> 4)];
                    code[5] = HEX[usize::from(byte & 15)];
                    &code
                }
                _ => continue,
            };
            self.out.extend_from_slice(&bytes[written..index]);
            self.out.extend_from_slice(escape);
            written = index + 1;
        }
        self.out.extend_from_slice(&bytes[written..]);
        self.out.push(b'"');
    }

    fn literal(&mut self, name: &str, value: &str) {
        self.key(name);
        self.out.extend_from_slice(value.as_bytes());
    }
}
