//! Reading without knowing how a target names things: what a clean-up and a probe must not depend
//! on.

use std::iter;

use super::tree::Tree;

/// A member of an object, ignoring the case of its name.
pub fn member<'a>(tree: &'a Tree, wanted: &str) -> Option<&'a Tree> {
    let mut members = tree.members()?.iter();
    let found = members.find(|(name, _)| name.eq_ignore_ascii_case(wanted));
    found.map(|(_, value)| value)
}

/// The objects, at any depth, that have a member of that name; nothing inside of them.
pub fn objects_with<'a>(tree: &'a Tree, wanted: &str) -> Vec<&'a Tree> {
    match tree {
        Tree::List(items) => items
            .iter()
            .flat_map(|item| objects_with(item, wanted))
            .collect(),
        Tree::Object(_) if member(tree, wanted).is_some() => vec![tree],
        Tree::Object(members) => members
            .iter()
            .flat_map(|(_, value)| objects_with(value, wanted))
            .collect(),
        _ => Vec::new(),
    }
}

/// The first text or number, at any depth, under one of these names.
pub fn find<'a>(tree: &'a Tree, wanted: &[&str]) -> Option<&'a str> {
    match tree {
        Tree::List(items) => items.iter().find_map(|item| find(item, wanted)),
        Tree::Object(members) => members.iter().find_map(|(name, value)| {
            let is_wanted = wanted
                .iter()
                .any(|wanted| name.eq_ignore_ascii_case(wanted));
            let text = scalar(value).filter(|_| is_wanted);
            text.or_else(|| find(value, wanted))
        }),
        _ => None,
    }
}

/// All texts and numbers, at any depth, under one of these names.
pub fn all<'a>(tree: &'a Tree, wanted: &[&str]) -> Vec<&'a str> {
    match tree {
        Tree::List(items) => items.iter().flat_map(|item| all(item, wanted)).collect(),
        Tree::Object(members) => {
            let mut found = Vec::new();
            for (name, value) in members {
                let is_wanted = wanted
                    .iter()
                    .any(|wanted| name.eq_ignore_ascii_case(wanted));
                found.extend(scalar(value).filter(|_| is_wanted));
                found.extend(all(value, wanted));
            }
            found
        }
        _ => Vec::new(),
    }
}

/// The names of all members, at any depth.
pub fn names(tree: &Tree) -> Vec<&str> {
    match tree {
        Tree::List(items) => items.iter().flat_map(names).collect(),
        Tree::Object(members) => members
            .iter()
            .flat_map(|(name, value)| iter::once(name.as_str()).chain(names(value)))
            .collect(),
        _ => Vec::new(),
    }
}

/// A text, or a number as it is written.
pub fn scalar(tree: &Tree) -> Option<&str> {
    match tree {
        Tree::Text(text) | Tree::Number(text) => Some(text),
        _ => None,
    }
}
