
using namespace System.Management.Automation
using namespace System.Management.Automation.Language

Register-ArgumentCompleter -Native -CommandName 'mqtt-passwd' -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)

    $commandElements = $commandAst.CommandElements
    $command = @(
        'mqtt-passwd'
        for ($i = 1; $i -lt $commandElements.Count; $i++) {
            $element = $commandElements[$i]
            if ($element -isnot [StringConstantExpressionAst] -or
                $element.StringConstantType -ne [StringConstantType]::BareWord -or
                $element.Value.StartsWith('-') -or
                $element.Value -eq $wordToComplete) {
                break
        }
        $element.Value
    }) -join ';'

    $completions = @(switch ($command) {
        'mqtt-passwd' {
            [CompletionResult]::new('--password-file', '--password-file', [CompletionResultType]::ParameterName, 'Take the password from the first line of PATH, at most 65535 bytes')
            [CompletionResult]::new('-H', '-H ', [CompletionResultType]::ParameterName, 'Write this kind of hash: sha512-pbkdf2 ($7$, which every broker takes), sha512 ($6$, the same, but quick to guess) or argon2id (for brokers 2.1 that were built with it)')
            [CompletionResult]::new('--hash', '--hash', [CompletionResultType]::ParameterName, 'Write this kind of hash: sha512-pbkdf2 ($7$, which every broker takes), sha512 ($6$, the same, but quick to guess) or argon2id (for brokers 2.1 that were built with it)')
            [CompletionResult]::new('-I', '-I ', [CompletionResultType]::ParameterName, 'Iterate sha512-pbkdf2 so many times, 1 to 2147483647')
            [CompletionResult]::new('--iterations', '--iterations', [CompletionResultType]::ParameterName, 'Iterate sha512-pbkdf2 so many times, 1 to 2147483647')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Colour help, messages and --debug lines: auto (on a terminal, unless the environment says otherwise), always or never')
            [CompletionResult]::new('-b', '-b', [CompletionResultType]::ParameterName, 'Take the password from the command line, where every user of the system can see it')
            [CompletionResult]::new('--batch', '--batch', [CompletionResultType]::ParameterName, 'Take the password from the command line, where every user of the system can see it')
            [CompletionResult]::new('--password-stdin', '--password-stdin', [CompletionResultType]::ParameterName, 'Take the password from the first line of stdin, at most 65535 bytes')
            [CompletionResult]::new('--generate-password', '--generate-password', [CompletionResultType]::ParameterName, 'Make a password of 130 random bits and write it to stdout: 26 letters and digits, none that look alike')
            [CompletionResult]::new('--users-stdin', '--users-stdin', [CompletionResultType]::ParameterName, 'Take many users from stdin, all or none: USER:PASSWORD in each line, at most 64 MiB')
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'Create FILE, readable by its owner alone')
            [CompletionResult]::new('--create', '--create', [CompletionResultType]::ParameterName, 'Create FILE, readable by its owner alone')
            [CompletionResult]::new('-D', '-D ', [CompletionResultType]::ParameterName, 'Delete USER')
            [CompletionResult]::new('--delete', '--delete', [CompletionResultType]::ParameterName, 'Delete USER')
            [CompletionResult]::new('-U', '-U ', [CompletionResultType]::ParameterName, 'Hash every password in FILE that is in plain text')
            [CompletionResult]::new('--upgrade', '--upgrade', [CompletionResultType]::ParameterName, 'Hash every password in FILE that is in plain text')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Write nothing, and show what an edit would change: on stdout, by line, user, algorithm and cost')
            [CompletionResult]::new('--if-changed', '--if-changed', [CompletionResultType]::ParameterName, 'Leave FILE as it is, to the byte and the time, where it has the password already, by the algorithm and the cost asked for')
            [CompletionResult]::new('--check', '--check', [CompletionResultType]::ParameterName, 'Say whether the password is that of USER, by the status: 0 right, 1 wrong')
            [CompletionResult]::new('--list', '--list', [CompletionResultType]::ParameterName, 'Say who is in FILE: line, user, algorithm, cost, and what is weak, damaged, there twice, or refused by some brokers')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Write one JSON object a line, with --list')
            [CompletionResult]::new('--overwrite', '--overwrite', [CompletionResultType]::ParameterName, 'Replace FILE if it exists')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print this help')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print the version')
            break
        }
    })

    $completions.Where{ $_.CompletionText -like "$wordToComplete*" } |
        Sort-Object -Property ListItemText
}
