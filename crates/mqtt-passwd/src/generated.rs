//! The files that `cargo xtask gen` makes from the options, for `--generate`.

/// Each kind and its file.
pub(crate) const FILES: [(&str, &str); 6] = [
    ("man", include_str!("../../../docs/man/mqtt-passwd.1")),
    ("bash", include_str!("../../../completions/mqtt-passwd.bash")),
    ("zsh", include_str!("../../../completions/_mqtt-passwd")),
    ("fish", include_str!("../../../completions/mqtt-passwd.fish")),
    ("powershell", include_str!("../../../completions/_mqtt-passwd.ps1")),
    ("elvish", include_str!("../../../completions/mqtt-passwd.elv")),
];
