//! Perl modules that were installed with `make install`.
//!
//! `ExtUtils::MakeMaker` appends an entry to `perllocal.pod` for each,
//! <https://perldoc.perl.org/perllocal>. The last entry of a module counts. Debian's own packages
//! leave none.

use std::collections::BTreeMap;

use crate::analyze::{Analyzer, Found, Want, text};
use crate::model::{Component, Ecosystem};

pub(in crate::analyze) const ANALYZER: Analyzer = Analyzer {
    id: "perllocal",
    wants: &[Want::Name("perllocal.pod")],
    read: |input| Ok(read(&input.whole()?)),
    ..Analyzer::BASE
};

fn read(bytes: &[u8]) -> Found {
    let mut found = Found::default();
    let mut modules: BTreeMap<&str, &str> = BTreeMap::new();
    let mut module = None;
    for (number, line) in text::lines(bytes) {
        if let Some(heading) = line.strip_prefix(b"=head2 ") {
            module = name(heading);
            if module.is_none() && memchr::memmem::find(heading, b"C<Module>").is_some() {
                found.note(number, "a module without a readable name");
            }
        } else if let Some(version) = line.strip_prefix(b"C<VERSION: ")
            && let Some(module) = module.take()
        {
            match version.strip_suffix(b">").and_then(text::value) {
                Some(version) => {
                    modules.insert(module, version);
                }
                None => found.note(number, "a module without a readable version"),
            }
        }
    }
    for (module, version) in modules {
        // A distribution goes by the name of its main module.
        found.component(Component::new(Ecosystem::Cpan, module.replace("::", "-"), version));
    }
    found
}

/// Reads `DATE: C<Module> L<Foo::Bar|Foo::Bar>`; older versions have no second half.
fn name(heading: &[u8]) -> Option<&str> {
    let at = memchr::memmem::find(heading, b"C<Module> L<")?;
    let link = heading.get(at + b"C<Module> L<".len()..)?;
    let end = memchr::memchr2(b'|', b'>', link)?;
    text::value(link.get(..end)?)
}

#[cfg(test)]
mod tests {
    use super::ANALYZER;
    use crate::analyze::tests::{find, shown};

    fn entry(heading: &str, version: &str) -> String {
        format!(
            "=head2 {heading}\n\n=over 4\n\n=item *\n\nC<installed into: /usr/local/share/perl>\n\n\
             =item *\n\nC<VERSION: {version}>\n\n=back\n\n"
        )
    }

    fn check(text: &str) -> String {
        shown(&find(&ANALYZER, "usr/local/lib/perl/5.36.0/perllocal.pod", text.as_bytes()))
    }

    #[test]
    fn the_last_entry_of_a_module_counts() {
        let date = "Wed Mar  6 12:00:00 2024";
        let text = entry(&format!("{date}: C<Module> L<Foo::Bar|Foo::Bar>"), "1.0")
            + &entry(&format!("{date}: C<Module> L<Foo::Bar|Foo::Bar>"), "1.1")
            + &entry(&format!("{date}: C<Module> L<DBI>"), "1.643");
        assert_eq!(check(&text), "cpan DBI 1.643\ncpan Foo-Bar 1.1\n");
    }

    #[test]
    fn an_entry_that_cannot_be_read_does_not_hide_the_next() {
        let text = entry("C<Module> L<a b|a b>", "1")
            + &entry("C<Module> L<A>", "")
            + &entry("C<Module> L<B>", "2");
        insta::assert_snapshot!(check(&text), @"
        cpan B 2
        note perllocal: line 1: a module without a readable name
        note perllocal: line 25: a module without a readable version
        ");
    }
}
