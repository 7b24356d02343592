complete -c mqtt-passwd -l password-file -d 'Take the password from the first line of PATH, at most 65535 bytes' -r -F
complete -c mqtt-passwd -s H -l hash -d 'Write this kind of hash: sha512-pbkdf2 ($7$, which every broker takes), sha512 ($6$, the same, but quick to guess) or argon2id (for brokers 2.1 that were built with it)' -r -f -a "sha512-pbkdf2\t''
sha512\t''
argon2id\t''"
complete -c mqtt-passwd -s I -l iterations -d 'Iterate sha512-pbkdf2 so many times, 1 to 2147483647' -r -f
complete -c mqtt-passwd -l color -d 'Colour help, messages and --debug lines: auto (on a terminal, unless the environment says otherwise), always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c mqtt-passwd -s b -l batch -d 'Take the password from the command line, where every user of the system can see it'
complete -c mqtt-passwd -l password-stdin -d 'Take the password from the first line of stdin, at most 65535 bytes'
complete -c mqtt-passwd -l generate-password -d 'Make a password of 130 random bits and write it to stdout: 26 letters and digits, none that look alike'
complete -c mqtt-passwd -l users-stdin -d 'Take many users from stdin, all or none: USER:PASSWORD in each line, at most 64 MiB'
complete -c mqtt-passwd -s c -l create -d 'Create FILE, readable by its owner alone'
complete -c mqtt-passwd -s D -l delete -d 'Delete USER'
complete -c mqtt-passwd -s U -l upgrade -d 'Hash every password in FILE that is in plain text'
complete -c mqtt-passwd -l dry-run -d 'Write nothing, and show what an edit would change: on stdout, by line, user, algorithm and cost'
complete -c mqtt-passwd -l if-changed -d 'Leave FILE as it is, to the byte and the time, where it has the password already, by the algorithm and the cost asked for'
complete -c mqtt-passwd -l check -d 'Say whether the password is that of USER, by the status: 0 right, 1 wrong'
complete -c mqtt-passwd -l list -d 'Say who is in FILE: line, user, algorithm, cost, and what is weak, damaged, there twice, or refused by some brokers'
complete -c mqtt-passwd -l json -d 'Write one JSON object a line, with --list'
complete -c mqtt-passwd -l overwrite -d 'Replace FILE if it exists'
complete -c mqtt-passwd -l help -d 'Print this help'
complete -c mqtt-passwd -l version -d 'Print the version'
complete -c mosquitto_passwd -w mqtt-passwd
