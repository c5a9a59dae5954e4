//! A Dockerfile cut into instructions with their lines, enough to say where a text stands.
//!
//! BuildKit's own frontend has parsed the file before; this reads only files that it accepted.
//! Format: the Dockerfile reference (line continuation, the `escape` directive, here-documents).

/// One instruction as written, without the lines' ends that were escaped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Instruction {
    /// Upper case, for example `RUN`.
    pub keyword: String,
    /// Everything from the keyword to the end, line by line as in the file; comments are left empty.
    pub text: String,
    /// The file in the order of the build graph's source files.
    pub file: usize,
    /// Counted from 1.
    pub first_line: u32,
    pub last_line: u32,
    /// The number of the stage it belongs to; `None` before the first `FROM`.
    pub stage: Option<usize>,
}

/// Cuts `text` into its instructions.
pub(crate) fn instructions(file: usize, text: &str) -> Vec<Instruction> {
    let escape = escape_character(text);
    let mut lines = text.lines().zip(1..).peekable();
    let mut found: Vec<Instruction> = Vec::new();
    let mut stage = None;
    while let Some((line, first_line)) = lines.next() {
        if is_blank_or_comment(line) {
            continue;
        }
        let mut instruction = Instruction {
            keyword: line.split_whitespace().next().unwrap_or_default().to_ascii_uppercase(),
            text: line.to_owned(),
            file,
            first_line,
            last_line: first_line,
            stage,
        };
        let mut logical = line.to_owned();
        let mut continued = ends_with_escape(line, escape);
        while continued {
            let Some((line, number)) = lines.next() else { break };
            // A comment or an empty line inside an instruction is no part of it and does not end it.
            let is_part = !is_blank_or_comment(line);
            push_line(&mut instruction, if is_part { line } else { "" }, number);
            if is_part {
                logical.push('\n');
                logical.push_str(line);
                continued = ends_with_escape(line, escape);
            }
        }
        for (word, strips_tabs) in heredocs(&instruction.keyword, &logical) {
            for (line, number) in lines.by_ref() {
                push_line(&mut instruction, line, number);
                let end = if strips_tabs { line.trim_start_matches('\t') } else { line };
                if end == word {
                    break;
                }
            }
        }
        if instruction.keyword == "FROM" {
            stage = Some(stage.map_or(0, |it: usize| it + 1));
            instruction.stage = stage;
        }
        found.push(instruction);
    }
    found
}

fn push_line(instruction: &mut Instruction, line: &str, number: u32) {
    instruction.text.push('\n');
    instruction.text.push_str(line);
    instruction.last_line = number;
}

fn is_blank_or_comment(line: &str) -> bool {
    let line = line.trim_start();
    line.is_empty() || line.starts_with('#')
}

fn ends_with_escape(line: &str, escape: char) -> bool {
    line.trim_end().ends_with(escape)
}

/// The directive `# escape=` counts only above everything but other directives.
fn escape_character(text: &str) -> char {
    for line in text.lines() {
        let Some(comment) = line.trim_start().strip_prefix('#') else { break };
        let Some((name, value)) = comment.split_once('=') else { break };
        if name.trim().eq_ignore_ascii_case("escape") {
            return if value.trim() == "`" { '`' } else { '\\' };
        }
    }
    '\\'
}

/// The end words of the here-documents that the instruction opens, and whether leading tabs go.
fn heredocs(keyword: &str, text: &str) -> Vec<(String, bool)> {
    if !matches!(keyword, "RUN" | "COPY" | "ADD") {
        return Vec::new();
    }
    let opens = text.split_whitespace().filter_map(|word| {
        let (file, rest) = word.split_once("<<")?;
        if !file.chars().all(|it| it.is_ascii_digit()) {
            return None;
        }
        let strips = rest.starts_with('-');
        let name = rest.strip_prefix('-').unwrap_or(rest).trim_matches(['"', '\'']);
        let is_word = name.starts_with(|it: char| it.is_ascii_alphabetic() || it == '_');
        is_word.then(|| (name.to_owned(), strips))
    });
    opens.collect()
}

#[cfg(test)]
mod tests {
    use super::instructions;

    fn check(text: &str) -> Vec<String> {
        let show = |it: super::Instruction| {
            let stage = it.stage.map_or("-".to_owned(), |it| it.to_string());
            format!("{} {}-{} stage {stage}", it.keyword, it.first_line, it.last_line)
        };
        instructions(0, text).into_iter().map(show).collect()
    }

    #[test]
    fn continued_lines_and_comments_inside_belong_to_the_instruction() {
        let text = "# syntax=x\nARG A=1\nFROM a\nRUN one \\\n# why\n\n  two \\\n  three\nCMD x\n";
        assert_eq!(
            check(text),
            ["ARG 2-2 stage -", "FROM 3-3 stage 0", "RUN 4-8 stage 0", "CMD 9-9 stage 0"]
        );
    }

    #[test]
    fn a_here_document_runs_to_its_word() {
        let text = "FROM a\nRUN <<EOF\nFROM b\nEOF\nCOPY <<-'X' <<Y /d/\n1\n\tX\n2\nY\nfrom c\n";
        assert_eq!(
            check(text),
            ["FROM 1-1 stage 0", "RUN 2-4 stage 0", "COPY 5-9 stage 0", "FROM 10-10 stage 1"]
        );
    }

    #[test]
    fn the_escape_directive_changes_what_continues_a_line() {
        let text = "# syntax=x\n# escape=`\nFROM a\nRUN dir `\n c:\\\nCMD x\n";
        assert_eq!(check(text), ["FROM 3-3 stage 0", "RUN 4-5 stage 0", "CMD 6-6 stage 0"]);
    }

    #[test]
    fn a_file_that_ends_in_the_middle_ends_the_instruction() {
        assert_eq!(check("FROM a\nRUN <<EOF\nx"), ["FROM 1-1 stage 0", "RUN 2-3 stage 0"]);
        assert_eq!(check("FROM a\nRUN x \\"), ["FROM 1-1 stage 0", "RUN 2-2 stage 0"]);
    }
}
