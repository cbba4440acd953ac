//! Completions for shells.

use super::args::{COMMANDS, OPTIONS};

/// The script for a shell.
pub(super) fn script(shell: &str) -> Option<String> {
    match shell {
        "bash" => Some(bash()),
        "zsh" => Some(zsh()),
        "fish" => Some(fish()),
        _ => None,
    }
}

fn bash() -> String {
    let commands: Vec<&str> = COMMANDS.iter().map(|(name, ..)| *name).collect();
    let options: Vec<String> = OPTIONS
        .iter()
        .map(|(name, ..)| format!("--{name}"))
        .collect();
    format!(
        "_rust_frontend() {{
  local word=${{COMP_WORDS[COMP_CWORD]}}
  if [ \"$COMP_CWORD\" = 1 ]; then
    COMPREPLY=($(compgen -W \"{} --help --version\" -- \"$word\"))
  elif [ \"${{COMP_WORDS[1]}}\" = completions ]; then
    COMPREPLY=($(compgen -W \"bash zsh fish\" -- \"$word\"))
  elif [[ $word == -* ]]; then
    COMPREPLY=($(compgen -W \"{} --write --help\" -- \"$word\"))
  else
    COMPREPLY=($(compgen -f -- \"$word\"))
  fi
}}
complete -o filenames -F _rust_frontend rust-frontend
",
        commands.join(" "),
        options.join(" ")
    )
}

fn zsh() -> String {
    let mut text =
        String::from("#compdef rust-frontend\n_rust_frontend() {\n  local -a commands=(\n");
    // The end of the quoted text, an apostrophe, and its next beginning.
    let quoted = |text: &str| text.replace('\'', r"'\''");
    for (name, _, about) in COMMANDS {
        let about = quoted(about);
        text.push_str(&format!("    '{name}:{about}'\n"));
    }
    text.push_str("  )\n  _arguments \\\n    '1:command:{_describe command commands}' \\\n");
    for (name, short, value, about) in OPTIONS {
        let about = quoted(&about.replace(['[', ']', ':'], " "));
        let files = if value == "FILE" { "_files" } else { "" };
        if let Some(short) = short {
            text.push_str(&format!("    '-{short}[{about}]:{value}:{files}' \\\n"));
        }
        text.push_str(&format!("    '--{name}[{about}]:{value}:{files}' \\\n"));
    }
    text.push_str("    '--write[write the file]' '--help[help]' '--version[version]' \\\n");
    text.push_str("    '2:directory:_files -/'\n}\ncompdef _rust_frontend rust-frontend\n");
    text
}

fn fish() -> String {
    let mut text = String::new();
    let quoted = |text: &str| text.replace('\'', r"\'");
    for (name, _, about) in COMMANDS {
        let about = quoted(about);
        text.push_str(&format!(
            "complete -c rust-frontend -n __fish_use_subcommand -f -a {name} -d '{about}'\n"
        ));
    }
    text.push_str(
        "complete -c rust-frontend -n '__fish_seen_subcommand_from completions' -f -a 'bash zsh fish'\n",
    );
    for (name, short, _, about) in OPTIONS {
        let short = short.map_or(String::new(), |short| format!(" -s {short}"));
        let about = quoted(about);
        text.push_str(&format!(
            "complete -c rust-frontend{short} -l {name} -r -d '{about}'\n"
        ));
    }
    text + "complete -c rust-frontend -l write -d 'write the file'\n\
            complete -c rust-frontend -s h -l help -d help\n\
            complete -c rust-frontend -s V -l version -d version\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As each shell's script lists a command and an option.
    const ENTRIES: [(&str, &str, &str); 3] = [
        ("bash", "NAME ", "--NAME "),
        ("zsh", "'NAME:", "'--NAME["),
        ("fish", " -a NAME ", " -l NAME "),
    ];

    #[test]
    fn scripts_have_all_commands_and_options() {
        for (shell, command, option) in ENTRIES {
            let script = script(shell).unwrap();
            let commands = COMMANDS.map(|(name, ..)| command.replace("NAME", name));
            let options = OPTIONS.map(|(name, ..)| option.replace("NAME", name));
            for entry in commands.iter().chain(&options) {
                assert!(script.contains(entry), "{shell}: {entry}");
            }
            for line in script.lines() {
                let quotes = line.matches('\'').count() - line.matches(r"\'").count();
                assert_eq!(quotes % 2, 0, "{shell}: {line}");
            }
        }
    }
}
