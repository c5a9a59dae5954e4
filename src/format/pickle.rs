//! Python's pickles, walked and never run.
//!
//! A pickle is a program for a stack machine; the opcodes are told by Python's own module
//! `pickletools`, <https://docs.python.org/3/library/pickletools.html>. The walk keeps what is needed
//! to say what a pickle imports: texts and where they go. Everything else is a value without a face.

use std::collections::HashMap;
use std::rc::Rc;

use super::FormatError;
use crate::model::Content;

/// Opcodes of one pickle that are followed. The largest checkpoints have about a million.
const MAX_OPCODES: u64 = 50_000_000;

/// Values that are held at a time, on the stack and in the memo.
const MAX_VALUES: usize = 1_000_000;

/// A longer text is no name of a module.
const MAX_TEXT: u64 = 512;

const BUFFER: u64 = 64 << 10;

/// Something that a pickle takes from a module.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Import<'a> {
    Named {
        module: &'a str,
        name: &'a str,
    },
    /// The names are made while the pickle is loaded.
    Computed,
}

/// Walks the pickle at `offset`, tells what it imports, in that order, and returns where it ends.
///
/// What was told before an error holds: a loader, too, has done it by then.
pub fn walk(
    content: &dyn Content,
    offset: u64,
    told: &mut dyn FnMut(Import<'_>),
) -> Result<u64, FormatError> {
    let reader = Reader::new(content, offset);
    let mut machine = Machine { reader, stack: Vec::new(), memo: HashMap::new() };
    for _ in 0..MAX_OPCODES {
        let opcode = machine.reader.byte()?;
        if opcode == b'.' {
            return Ok(machine.reader.position());
        }
        machine.step(opcode, told)?;
        if machine.stack.len() + machine.memo.len() > MAX_VALUES {
            let limit = MAX_VALUES as u64;
            return Err(FormatError::Limit { what: "a pickle with too many values", limit });
        }
    }
    Err(FormatError::Limit { what: "a pickle with too many opcodes", limit: MAX_OPCODES })
}

#[derive(Clone)]
enum Value {
    Text(Rc<str>),
    Mark,
    Other,
}

struct Machine<'a> {
    reader: Reader<'a>,
    stack: Vec<Value>,
    memo: HashMap<u64, Value>,
}

const BROKEN: FormatError = FormatError::Malformed("a pickle that takes what is not there");

impl Machine<'_> {
    fn step(&mut self, opcode: u8, told: &mut dyn FnMut(Import<'_>)) -> Result<(), FormatError> {
        match opcode {
            // MARK
            b'(' => self.stack.push(Value::Mark),
            // POP, BUILD, APPEND, SETITEM
            b'0' | b'b' | b'a' => self.pop(1)?,
            b's' => self.pop(2)?,
            // POP_MARK, APPENDS, SETITEMS, ADDITEMS
            b'1' | b'e' | b'u' | 0x90 => self.pop_mark()?,
            // DUP
            b'2' => self.push(self.stack.last().cloned().ok_or(BROKEN)?),
            // NONE, true, false, empty containers, NEXT_BUFFER
            b'N' | 0x88 | 0x89 | b']' | b'}' | b')' | 0x8f | 0x97 => self.push(Value::Other),
            // INT, LONG, FLOAT, PERSID
            b'I' | b'L' | b'F' | b'P' => {
                self.reader.line()?;
                self.push(Value::Other);
            }
            // BININT1 and EXT1, BININT2 and EXT2, BININT and EXT4, BINFLOAT
            b'K' | 0x82 => self.skip_and_push(1),
            b'M' | 0x83 => self.skip_and_push(2),
            b'J' | 0x84 => self.skip_and_push(4),
            b'G' => self.skip_and_push(8),
            // LONG1, LONG4, bytes and byte arrays
            0x8a | b'C' => self.skip_sized_and_push(1)?,
            0x8b | b'B' => self.skip_sized_and_push(4)?,
            0x8e | 0x96 => self.skip_sized_and_push(8)?,
            // STRING, UNICODE
            b'S' | b'V' => {
                let line = self.reader.line()?;
                self.push(text(&unescaped(unquoted(&line))));
            }
            // SHORT_BINSTRING and SHORT_BINUNICODE, BINSTRING and BINUNICODE, BINUNICODE8
            b'U' | 0x8c => self.push_text(1)?,
            b'T' | b'X' => self.push_text(4)?,
            0x8d => self.push_text(8)?,
            // LIST, DICT, TUPLE, FROZENSET, OBJ
            b'l' | b'd' | b't' | 0x91 | b'o' => {
                self.pop_mark()?;
                self.push(Value::Other);
            }
            // TUPLE1 and BINPERSID, TUPLE2 and REDUCE and NEWOBJ, TUPLE3 and NEWOBJ_EX
            0x85 | b'Q' => self.replace(1)?,
            0x86 | b'R' | 0x81 => self.replace(2)?,
            0x87 | 0x92 => self.replace(3)?,
            // GLOBAL, INST, STACK_GLOBAL
            b'c' => {
                self.import_lines(told)?;
                self.push(Value::Other);
            }
            b'i' => {
                self.import_lines(told)?;
                self.pop_mark()?;
                self.push(Value::Other);
            }
            0x93 => self.import_stacked(told)?,
            b'p' | b'q' | b'r' | 0x94 => self.put(opcode)?,
            b'g' | b'h' | b'j' => self.get(opcode)?,
            // PROTO, FRAME, READONLY_BUFFER
            0x80 => self.reader.skip(1),
            0x95 => self.reader.skip(8),
            0x98 => {}
            _ => return Err(FormatError::Malformed("a pickle with an unknown opcode")),
        }
        Ok(())
    }

    fn push(&mut self, value: Value) {
        self.stack.push(value);
    }

    fn pop(&mut self, count: usize) -> Result<(), FormatError> {
        let left = self.stack.len().checked_sub(count).ok_or(BROKEN)?;
        self.stack.truncate(left);
        Ok(())
    }

    fn pop_mark(&mut self) -> Result<(), FormatError> {
        let at = self.stack.iter().rposition(|it| matches!(it, Value::Mark)).ok_or(BROKEN)?;
        self.stack.truncate(at);
        Ok(())
    }

    fn replace(&mut self, count: usize) -> Result<(), FormatError> {
        self.pop(count)?;
        self.push(Value::Other);
        Ok(())
    }

    fn skip_and_push(&mut self, length: u64) {
        self.reader.skip(length);
        self.push(Value::Other);
    }

    fn skip_sized_and_push(&mut self, width: usize) -> Result<(), FormatError> {
        let length = self.reader.number(width)?;
        self.skip_and_push(length);
        Ok(())
    }

    fn push_text(&mut self, width: usize) -> Result<(), FormatError> {
        let length = self.reader.number(width)?;
        if length > MAX_TEXT {
            self.skip_and_push(length);
            return Ok(());
        }
        let bytes = self.reader.bytes(length)?;
        self.push(text(&bytes));
        Ok(())
    }

    fn import_lines(&mut self, told: &mut dyn FnMut(Import<'_>)) -> Result<(), FormatError> {
        let (module, name) = (self.reader.line()?, self.reader.line()?);
        let (module, name) = (String::from_utf8_lossy(&module), String::from_utf8_lossy(&name));
        told(Import::Named { module: &module, name: &name });
        Ok(())
    }

    fn import_stacked(&mut self, told: &mut dyn FnMut(Import<'_>)) -> Result<(), FormatError> {
        let (name, module) = (self.stack.pop(), self.stack.pop());
        match (module.ok_or(BROKEN)?, name.ok_or(BROKEN)?) {
            (Value::Text(module), Value::Text(name)) => {
                told(Import::Named { module: &module, name: &name });
            }
            _ => told(Import::Computed),
        }
        self.push(Value::Other);
        Ok(())
    }

    fn put(&mut self, opcode: u8) -> Result<(), FormatError> {
        let key = match opcode {
            0x94 => self.memo.len() as u64,
            _ => self.memo_key(opcode)?,
        };
        let value = self.stack.last().cloned().ok_or(BROKEN)?;
        self.memo.insert(key, value);
        Ok(())
    }

    fn get(&mut self, opcode: u8) -> Result<(), FormatError> {
        let key = self.memo_key(opcode)?;
        let value = self.memo.get(&key).cloned().ok_or(BROKEN)?;
        self.push(value);
        Ok(())
    }

    fn memo_key(&mut self, opcode: u8) -> Result<u64, FormatError> {
        match opcode {
            b'q' | b'h' => self.reader.number(1),
            b'r' | b'j' => self.reader.number(4),
            _ => {
                let line = self.reader.line()?;
                let digits = str::from_utf8(&line).ok().and_then(|it| it.trim().parse().ok());
                digits.ok_or(FormatError::Malformed("a pickle with a broken number"))
            }
        }
    }
}

fn text(bytes: &[u8]) -> Value {
    Value::Text(String::from_utf8_lossy(bytes).into())
}

fn unquoted(line: &[u8]) -> &[u8] {
    match line.trim_ascii() {
        [b'"', inner @ .., b'"'] | [b'\'', inner @ .., b'\''] => inner,
        other => other,
    }
}

/// Reads `\xNN` and `\uNNNN`, by which a name could be written so that it looks like another one.
fn unescaped(line: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(line.len());
    let mut rest = line;
    while let Some((first, after)) = rest.split_first() {
        let width = match (first, after.first()) {
            (b'\\', Some(b'x')) => 2,
            (b'\\', Some(b'u')) => 4,
            (b'\\', Some(b'U')) => 8,
            _ => 0,
        };
        let digits = after.get(1..=width).filter(|_| width > 0);
        let code = digits.and_then(|it| u32::from_str_radix(str::from_utf8(it).ok()?, 16).ok());
        if let Some(char) = code.and_then(char::from_u32) {
            out.extend(char.encode_utf8(&mut [0; 4]).as_bytes());
            rest = after.get(1 + width..).unwrap_or_default();
        } else {
            out.push(*first);
            rest = after;
        }
    }
    out
}

/// The bytes of a file, one after the other, through a buffer.
struct Reader<'a> {
    content: &'a dyn Content,
    buffer: Vec<u8>,
    /// Where the buffer lies in the file.
    start: u64,
    /// What of the buffer has been read.
    done: usize,
}

const ENDS: FormatError = FormatError::Malformed("a pickle that breaks off");

impl<'a> Reader<'a> {
    fn new(content: &'a dyn Content, offset: u64) -> Self {
        Self { content, buffer: Vec::new(), start: offset, done: 0 }
    }

    fn position(&self) -> u64 {
        self.start.saturating_add(self.done as u64)
    }

    fn byte(&mut self) -> Result<u8, FormatError> {
        if self.done >= self.buffer.len() {
            self.fill()?;
        }
        let byte = *self.buffer.get(self.done).ok_or(ENDS)?;
        self.done += 1;
        Ok(byte)
    }

    fn fill(&mut self) -> Result<(), FormatError> {
        self.start = self.position();
        self.buffer = super::bytes::part(self.content, self.start, BUFFER)?;
        self.done = 0;
        Ok(())
    }

    /// A number of so many bytes, the lowest first.
    fn number(&mut self, width: usize) -> Result<u64, FormatError> {
        let mut number = 0;
        for shift in (0..width).map(|it| 8 * it) {
            number |= u64::from(self.byte()?) << shift;
        }
        Ok(number)
    }

    fn bytes(&mut self, length: u64) -> Result<Vec<u8>, FormatError> {
        (0..length).map(|_| self.byte()).collect()
    }

    /// The rest of the line. The end of one that is too long to be a name is dropped.
    fn line(&mut self) -> Result<Vec<u8>, FormatError> {
        let mut line = Vec::new();
        loop {
            match self.byte()? {
                b'\n' => return Ok(line),
                byte if (line.len() as u64) < MAX_TEXT => line.push(byte),
                _ => {}
            }
        }
    }

    fn skip(&mut self, length: u64) {
        let left = (self.buffer.len() - self.done) as u64;
        match usize::try_from(length) {
            Ok(n) if length <= left => self.done += n,
            _ => {
                self.start = self.position().saturating_add(length);
                self.buffer.clear();
                self.done = 0;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Import, walk};
    use crate::format::FormatError;

    fn imports(bytes: &[u8]) -> (Vec<String>, Result<u64, FormatError>) {
        let mut told = Vec::new();
        let end = walk(&bytes, 0, &mut |it| {
            told.push(match it {
                Import::Named { module, name } => format!("{module} {name}"),
                Import::Computed => "computed".to_owned(),
            });
        });
        (told, end)
    }

    #[track_caller]
    fn check(bytes: &[u8], expected: &[&str]) {
        let (told, end) = imports(bytes);
        assert_eq!(told, expected);
        assert_eq!(end.unwrap(), bytes.len() as u64);
    }

    #[test]
    fn every_way_to_import_is_told() {
        check(b"cos\nsystem\n(S'id'\ntR.", &["os system"]);
        check(b"(S'id'\nios\nsystem\n.", &["os system"]);
        check(
            b"\x80\x02cposix\nsystem\nq\x00X\x02\0\0\0idq\x01\x85q\x02Rq\x03.",
            &["posix system"],
        );
        check(
            b"\x80\x04\x95\x1d\0\0\0\0\0\0\0\x8c\x05posix\x94\x8c\x06system\x94\x93\x94\x8c\x02id\x94\x85\x94R\x94.",
            &["posix system"],
        );
    }

    #[test]
    fn names_are_followed_through_the_memo_and_the_stack() {
        // The names are put away, dropped, fetched in another order, and one is doubled.
        check(b"\x80\x04\x8c\x06system\x94\x8c\x02os\x940(h\x01h\x00\x931N.", &["os system"]);
        check(b"S'os'\np5\n0g5\nS'system'\n2\x860S'os'\nS'popen'\n\x93.", &["os popen"]);
        check(b"V\\u006fs\nS'\\x73ystem'\n\x93.", &["os system"]);
    }

    #[test]
    fn a_name_that_is_made_on_the_way_is_told_as_such() {
        check(b"cbuiltins\nstr\n)RS'system'\n\x93.", &["builtins str", "computed"]);
    }

    #[test]
    fn what_was_imported_before_a_break_is_told() {
        let (told, end) = imports(b"cos\nsystem\n(S'id'\ntR\xff\xff");
        assert_eq!(told, ["os system"]);
        assert!(matches!(end, Err(FormatError::Malformed(_))));
    }

    #[test]
    fn long_data_is_skipped_and_not_held() {
        let mut bytes = b"\x80\x04B\x00\x00\x10\x00".to_vec();
        bytes.extend(vec![b'c'; 1 << 20]);
        bytes.extend(b"cos\nsystem\n.");
        check(&bytes, &["os system"]);
        // A length beyond the end is found out at the end.
        assert!(imports(b"\x8e\xff\xff\xff\xff\xff\xff\xff\x7f.").1.is_err());
    }

    #[test]
    fn values_without_end_are_bounded() {
        assert!(matches!(imports(&vec![b'N'; 4 << 20]).1, Err(FormatError::Limit { .. })));
        assert!(matches!(imports(&b"N\x94".repeat(2 << 20)).1, Err(FormatError::Limit { .. })));
        assert!(imports(&vec![b'('; 1 << 20]).1.is_err());
    }

    #[test]
    fn a_pickle_may_end_anywhere_and_hold_any_byte() {
        let good = b"\x80\x04\x95\x1d\0\0\0\0\0\0\0(\x8c\x05posix\x94\x8c\x06system\x94\x93\x94K\x01tu]}V\\u0041\nh\x01p7\nN.";
        for at in 0..good.len() {
            drop(imports(&good[..at]));
            for byte in 0..=255 {
                let mut bad = good.to_vec();
                bad[at] = byte;
                drop(imports(&bad));
            }
        }
    }
}
