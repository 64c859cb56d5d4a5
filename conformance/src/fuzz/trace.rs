//! Traces, made from a seed.

use crate::wire::Format;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trace {
    pub steps: Vec<Step>,
}

/// One operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The format of its body and of its answer.
    pub(super) format: Format,
    pub(super) action: Action,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Action {
    Create(Vec<(Field, Content)>),
    Update(UserRef, Vec<(Field, Content)>),
    Delete(UserRef),
    Get(UserRef),
    GetByName(UserRef),
    List,
    Roles,
}

/// A user, before its id is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum UserRef {
    /// The user that was created this number of creates before the last, modulo their number.
    Created(usize),
    /// No user.
    Unknown,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Field {
    Username,
    FirstName,
    LastName,
    Email,
    Telephone,
    Enabled,
    Roles,
    Password,
    UserId,
    AccountId,
    Unknown,
}

impl Field {
    const ALL: [Self; 11] = [
        Self::Username,
        Self::FirstName,
        Self::LastName,
        Self::Email,
        Self::Telephone,
        Self::Enabled,
        Self::Roles,
        Self::Password,
        Self::UserId,
        Self::AccountId,
        Self::Unknown,
    ];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Username => "Username",
            Self::FirstName => "FirstName",
            Self::LastName => "LastName",
            Self::Email => crate::wire::EMAIL,
            Self::Telephone => "TelephoneNumber",
            Self::Enabled => "Enabled",
            Self::Roles => "Roles",
            Self::Password => "Password",
            Self::UserId => "UserId",
            Self::AccountId => "AccountId",
            Self::Unknown => "Nickname",
        }
    }
}

/// The content of a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Content {
    /// The field is left out.
    Left,
    Empty,
    /// Something of its own, and right.
    Right,
    Wrong,
    Long,
    Text(&'static str),
    Flag(bool),
    /// Some of the account's roles, by bit.
    Roles(u8),
    /// The name of another user.
    Name(Name),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Name {
    Of(UserRef),
    OtherCaseOf(UserRef),
}

/// Names that a codec can get wrong.
const TEXTS: [&str; 8] = [
    "Zo\u{eb}",
    "O'Brien & Sons <x>",
    "\"quoted\\\"",
    "\u{4f60}\u{597d}",
    "a]]>b",
    "tab\tand\nline",
    "\u{1f600}",
    "true",
];

/// `splitmix64`: the same numbers from the same seed, anywhere.
pub struct Numbers(u64);

impl Numbers {
    /// Starts from a seed.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next one.
    pub fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// One below `bound`.
    pub fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.draw() % bound as u64).unwrap_or(0)
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())]
    }
}

impl Trace {
    /// A random trace of `steps` steps.
    pub fn of(seed: u64, steps: usize) -> Self {
        let mut numbers = Numbers::new(seed);
        let steps = (0..steps).map(|_| step(&mut numbers));
        Self {
            steps: steps.collect(),
        }
    }

    /// Smaller traces, largest cuts first: without some steps, then with less in a step.
    pub fn smaller(&self) -> Vec<Self> {
        let mut smaller = Vec::new();
        let mut size = self.steps.len() / 2;
        while size > 0 {
            for start in (0..self.steps.len()).step_by(size) {
                let mut steps = self.steps.clone();
                steps.drain(start..(start + size).min(self.steps.len()));
                smaller.push(Self { steps });
            }
            size /= 2;
        }
        for (number, step) in self.steps.iter().enumerate() {
            let count = match &step.action {
                Action::Create(contents) | Action::Update(_, contents) => contents.len(),
                _ => 0,
            };
            for left in 0..count {
                let mut steps = self.steps.clone();
                if let Action::Create(contents) | Action::Update(_, contents) =
                    &mut steps[number].action
                {
                    contents.remove(left);
                }
                smaller.push(Self { steps });
            }
        }
        smaller
    }
}

fn step(numbers: &mut Numbers) -> Step {
    let format = numbers.pick(&[Format::Xml, Format::Json]);
    let who = who(numbers);
    let action = match numbers.below(20) {
        0..=4 => Action::Create(contents(numbers, 3)),
        5..=10 => Action::Update(who, contents(numbers, 5)),
        11 | 12 => Action::Delete(who),
        13..=15 => Action::Get(who),
        16 => Action::GetByName(who),
        17 | 18 => Action::List,
        _ => Action::Roles,
    };
    Step { format, action }
}

fn who(numbers: &mut Numbers) -> UserRef {
    match numbers.below(12) {
        0 => UserRef::Unknown,
        _ => UserRef::Created(numbers.below(4)),
    }
}

fn contents(numbers: &mut Numbers, most: usize) -> Vec<(Field, Content)> {
    let count = numbers.below(most + 1);
    let mut contents: Vec<(Field, Content)> = Vec::new();
    for _ in 0..count {
        // The names matter most; what is nearly always refused comes less often.
        let field = match numbers.below(4) {
            0 => numbers.pick(&[Field::Username, Field::Email]),
            _ => numbers.pick(&Field::ALL),
        };
        let rare = matches!(field, Field::UserId | Field::AccountId | Field::Unknown);
        if contents.iter().any(|(known, _)| *known == field) || (rare && numbers.below(2) == 0) {
            continue;
        }
        let content = content(numbers, field);
        contents.push((field, content));
    }
    contents
}

fn content(numbers: &mut Numbers, field: Field) -> Content {
    let other = who(numbers);
    match (field, numbers.below(8)) {
        (Field::AccountId | Field::Roles, 0) => Content::Wrong,
        (Field::UserId | Field::Unknown | Field::AccountId, _) => Content::Right,
        (Field::Username | Field::Email, 0..=2) => Content::Name(Name::Of(other)),
        (Field::Username, 3) => Content::Name(Name::OtherCaseOf(other)),
        (Field::Enabled, number) => Content::Flag(number < 4),
        (Field::Roles, 1) => Content::Empty,
        (Field::Roles, number) => Content::Roles(u8::try_from(number).unwrap_or(0)),
        (Field::FirstName | Field::LastName, 0..=3) => Content::Text(numbers.pick(&TEXTS)),
        (_, 4) => Content::Left,
        (_, 5) => Content::Wrong,
        (Field::Username | Field::Email | Field::FirstName | Field::LastName, 6) => {
            if numbers.below(2) == 0 {
                Content::Empty
            } else {
                Content::Long
            }
        }
        _ => Content::Right,
    }
}
