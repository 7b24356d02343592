
use builtin;
use str;

set edit:completion:arg-completer[mqtt-passwd] = {|@words|
    fn spaces {|n|
        builtin:repeat $n ' ' | str:join ''
    }
    fn cand {|text desc|
        edit:complex-candidate $text &display=$text' '(spaces (- 14 (wcswidth $text)))$desc
    }
    var command = 'mqtt-passwd'
    for word $words[1..-1] {
        if (str:has-prefix $word '-') {
            break
        }
        set command = $command';'$word
    }
    var completions = [
        &'mqtt-passwd'= {
            cand --password-file 'Take the password from the first line of PATH, at most 65535 bytes'
            cand -H 'Write this kind of hash: sha512-pbkdf2 ($7$, which every broker takes), sha512 ($6$, the same, but quick to guess) or argon2id (for brokers 2.1 that were built with it)'
            cand --hash 'Write this kind of hash: sha512-pbkdf2 ($7$, which every broker takes), sha512 ($6$, the same, but quick to guess) or argon2id (for brokers 2.1 that were built with it)'
            cand -I 'Iterate sha512-pbkdf2 so many times, 1 to 2147483647'
            cand --iterations 'Iterate sha512-pbkdf2 so many times, 1 to 2147483647'
            cand --color 'Colour help, messages and --debug lines: auto (on a terminal, unless the environment says otherwise), always or never'
            cand -b 'Take the password from the command line, where every user of the system can see it'
            cand --batch 'Take the password from the command line, where every user of the system can see it'
            cand --password-stdin 'Take the password from the first line of stdin, at most 65535 bytes'
            cand --generate-password 'Make a password of 130 random bits and write it to stdout: 26 letters and digits, none that look alike'
            cand --users-stdin 'Take many users from stdin, all or none: USER:PASSWORD in each line, at most 64 MiB'
            cand -c 'Create FILE, readable by its owner alone'
            cand --create 'Create FILE, readable by its owner alone'
            cand -D 'Delete USER'
            cand --delete 'Delete USER'
            cand -U 'Hash every password in FILE that is in plain text'
            cand --upgrade 'Hash every password in FILE that is in plain text'
            cand --dry-run 'Write nothing, and show what an edit would change: on stdout, by line, user, algorithm and cost'
            cand --if-changed 'Leave FILE as it is, to the byte and the time, where it has the password already, by the algorithm and the cost asked for'
            cand --check 'Say whether the password is that of USER, by the status: 0 right, 1 wrong'
            cand --list 'Say who is in FILE: line, user, algorithm, cost, and what is weak, damaged, there twice, or refused by some brokers'
            cand --json 'Write one JSON object a line, with --list'
            cand --overwrite 'Replace FILE if it exists'
            cand --help 'Print this help'
            cand --version 'Print the version'
        }
    ]
    $completions[$command]
}
