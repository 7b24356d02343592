
using namespace System.Management.Automation
using namespace System.Management.Automation.Language

Register-ArgumentCompleter -Native -CommandName 'mqtt-pub' -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)

    $commandElements = $commandAst.CommandElements
    $command = @(
        'mqtt-pub'
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
        'mqtt-pub' {
            [CompletionResult]::new('-t', '-t', [CompletionResultType]::ParameterName, 'Publish to TOPIC')
            [CompletionResult]::new('--topic', '--topic', [CompletionResultType]::ParameterName, 'Publish to TOPIC')
            [CompletionResult]::new('--also-topic', '--also-topic', [CompletionResultType]::ParameterName, 'Publish each message to this topic as well')
            [CompletionResult]::new('-m', '-m', [CompletionResultType]::ParameterName, 'Publish TEXT')
            [CompletionResult]::new('--message', '--message', [CompletionResultType]::ParameterName, 'Publish TEXT')
            [CompletionResult]::new('-f', '-f', [CompletionResultType]::ParameterName, 'Publish the content of FILE')
            [CompletionResult]::new('--file', '--file', [CompletionResultType]::ParameterName, 'Publish the content of FILE')
            [CompletionResult]::new('--encoding', '--encoding', [CompletionResultType]::ParameterName, 'Publish the bytes that -m, -f, -s or each line of -l spells in hex or base64')
            [CompletionResult]::new('--line-format', '--line-format', [CompletionResultType]::ParameterName, 'Take each line of --stdin-line apart: %t is its topic, %p its payload, and the text between them parts them, as in ''%t %p''')
            [CompletionResult]::new('--replay', '--replay', [CompletionResultType]::ParameterName, 'Publish the lines of FILE like --json-lines, as far apart as the messages came')
            [CompletionResult]::new('--speed', '--speed', [CompletionResultType]::ParameterName, 'Make --replay so many times as fast: 2x is twice as fast, 0.5x half, from 0.001 to 1000000')
            [CompletionResult]::new('--save-unsent', '--save-unsent', [CompletionResultType]::ParameterName, 'Add lines that do not get through to FILE, which is made if it is not there, with those that can still be read within 2 seconds')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Publish with this quality of service: 0, 1 or 2')
            [CompletionResult]::new('--qos', '--qos', [CompletionResultType]::ParameterName, 'Publish with this quality of service: 0, 1 or 2')
            [CompletionResult]::new('--repeat', '--repeat', [CompletionResultType]::ParameterName, 'Publish the message so many times, 1 to 4294967295')
            [CompletionResult]::new('--repeat-delay', '--repeat-delay', [CompletionResultType]::ParameterName, 'Pause so many seconds between two of them, 0 to 1000000000, with decimals if wanted')
            [CompletionResult]::new('--wait-response', '--wait-response', [CompletionResultType]::ParameterName, 'Print the payload of the answer to one message, which is waited for on TOPIC')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Connect to this host, by name or address')
            [CompletionResult]::new('--host', '--host', [CompletionResultType]::ParameterName, 'Connect to this host, by name or address')
            [CompletionResult]::new('-p', '-p', [CompletionResultType]::ParameterName, 'Connect to this port, 1 to 65535 (0: --host is the path of a unix socket)')
            [CompletionResult]::new('--port', '--port', [CompletionResultType]::ParameterName, 'Connect to this port, 1 to 65535 (0: --host is the path of a unix socket)')
            [CompletionResult]::new('--unix', '--unix', [CompletionResultType]::ParameterName, 'Connect to the unix socket PATH')
            [CompletionResult]::new('--dns-server', '--dns-server', [CompletionResultType]::ParameterName, 'Ask this server for addresses and SRV records, ADDRESS or ADDRESS:PORT (53), instead of the system''s')
            [CompletionResult]::new('-A', '-A ', [CompletionResultType]::ParameterName, 'Connect from this name or address of this machine')
            [CompletionResult]::new('--bind-address', '--bind-address', [CompletionResultType]::ParameterName, 'Connect from this name or address of this machine')
            [CompletionResult]::new('--ws-path', '--ws-path', [CompletionResultType]::ParameterName, 'Ask for PATH over WebSocket')
            [CompletionResult]::new('--ws-header', '--ws-header', [CompletionResultType]::ParameterName, 'Send this header when WebSocket begins, as ''NAME: VALUE''')
            [CompletionResult]::new('--proxy', '--proxy', [CompletionResultType]::ParameterName, 'Connect through a proxy: socks5h://[USER[:PASSWORD]@]HOST[:PORT], socks5:// or http://')
            [CompletionResult]::new('--cafile', '--cafile', [CompletionResultType]::ParameterName, 'Use TLS and believe the authorities in FILE (PEM)')
            [CompletionResult]::new('--capath', '--capath', [CompletionResultType]::ParameterName, 'Use TLS and believe the authorities in the files of FOLDER (PEM)')
            [CompletionResult]::new('--cert', '--cert', [CompletionResultType]::ParameterName, 'Use TLS and show the broker the certificate in FILE (PEM)')
            [CompletionResult]::new('--key', '--key', [CompletionResultType]::ParameterName, 'Use the key of --cert in FILE (PEM)')
            [CompletionResult]::new('--key-password-file', '--key-password-file', [CompletionResultType]::ParameterName, 'Take the passphrase of --key from the first line of FILE')
            [CompletionResult]::new('--keyform', '--keyform', [CompletionResultType]::ParameterName, 'Read --key in this form: pem [default: pem]')
            [CompletionResult]::new('--tls-version', '--tls-version', [CompletionResultType]::ParameterName, 'Use this version of TLS or a later one: tlsv1.2 (and newer) or tlsv1.3 [default: tlsv1.2]')
            [CompletionResult]::new('--ciphers', '--ciphers', [CompletionResultType]::ParameterName, 'Allow these cipher suites, by name, with colons between them')
            [CompletionResult]::new('--tls-alpn', '--tls-alpn', [CompletionResultType]::ParameterName, 'Offer this protocol (ALPN), 1 to 255 bytes')
            [CompletionResult]::new('--psk', '--psk', [CompletionResultType]::ParameterName, 'Use TLS with this key that the broker has, too: hexadecimal digits')
            [CompletionResult]::new('--psk-identity', '--psk-identity', [CompletionResultType]::ParameterName, 'Say with this text which key --psk is, 1 to 255 bytes')
            [CompletionResult]::new('--tls-keylog', '--tls-keylog', [CompletionResultType]::ParameterName, 'Write the keys of each connection to FILE, for tools that look into it')
            [CompletionResult]::new('-i', '-i', [CompletionResultType]::ParameterName, 'Use this client identifier')
            [CompletionResult]::new('--id', '--id', [CompletionResultType]::ParameterName, 'Use this client identifier')
            [CompletionResult]::new('-I', '-I ', [CompletionResultType]::ParameterName, 'Use PREFIX and the process id as client identifier')
            [CompletionResult]::new('--id-prefix', '--id-prefix', [CompletionResultType]::ParameterName, 'Use PREFIX and the process id as client identifier')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Speak this version of MQTT: mqttv31 (31), mqttv311 (311) or mqttv5 (5)')
            [CompletionResult]::new('--protocol-version', '--protocol-version', [CompletionResultType]::ParameterName, 'Speak this version of MQTT: mqttv31 (31), mqttv311 (311) or mqttv5 (5)')
            [CompletionResult]::new('-x', '-x', [CompletionResultType]::ParameterName, 'Have the broker keep the session so many seconds after this client has left (MQTT 5), 0 to 4294967294')
            [CompletionResult]::new('--session-expiry', '--session-expiry', [CompletionResultType]::ParameterName, 'Have the broker keep the session so many seconds after this client has left (MQTT 5), 0 to 4294967294')
            [CompletionResult]::new('-D', '-D ', [CompletionResultType]::ParameterName, 'Give a packet a property')
            [CompletionResult]::new('--property', '--property', [CompletionResultType]::ParameterName, 'Give a packet a property')
            [CompletionResult]::new('--will-topic', '--will-topic', [CompletionResultType]::ParameterName, 'Have the broker publish a will to TOPIC if the connection is lost')
            [CompletionResult]::new('--will-payload', '--will-payload', [CompletionResultType]::ParameterName, 'Give the will this payload, at most 65535 bytes')
            [CompletionResult]::new('--will-qos', '--will-qos', [CompletionResultType]::ParameterName, 'Publish the will with this quality of service: 0, 1 or 2')
            [CompletionResult]::new('-u', '-u', [CompletionResultType]::ParameterName, 'Log in as this user')
            [CompletionResult]::new('--username', '--username', [CompletionResultType]::ParameterName, 'Log in as this user')
            [CompletionResult]::new('-P', '-P ', [CompletionResultType]::ParameterName, 'Log in with this password')
            [CompletionResult]::new('--pw', '--pw', [CompletionResultType]::ParameterName, 'Log in with this password')
            [CompletionResult]::new('--password', '--password', [CompletionResultType]::ParameterName, 'Log in with this password')
            [CompletionResult]::new('--password-file', '--password-file', [CompletionResultType]::ParameterName, 'Take the password from the first line of FILE, or of stdin (-)')
            [CompletionResult]::new('--password-command', '--password-command', [CompletionResultType]::ParameterName, 'Take the password from the first line that COMMAND prints')
            [CompletionResult]::new('-k', '-k', [CompletionResultType]::ParameterName, 'Test the connection after so many seconds without traffic, 5 to 65535')
            [CompletionResult]::new('--keepalive', '--keepalive', [CompletionResultType]::ParameterName, 'Test the connection after so many seconds without traffic, 5 to 65535')
            [CompletionResult]::new('--connect-timeout', '--connect-timeout', [CompletionResultType]::ParameterName, 'Give up connecting after so many seconds, from the look-up of the name to the broker''s answer')
            [CompletionResult]::new('--retry', '--retry', [CompletionResultType]::ParameterName, 'Try again so often where the broker cannot be reached, at first or later, 0 to 4294967295 or "forever"')
            [CompletionResult]::new('-W', '-W ', [CompletionResultType]::ParameterName, 'Leave after so many seconds, with status 27 if there was more to do')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'Leave after so many seconds, with status 27 if there was more to do')
            [CompletionResult]::new('-M', '-M ', [CompletionResultType]::ParameterName, 'Send at most so many messages of QoS 1 and 2 that are not yet acknowledged, 1 to 65535')
            [CompletionResult]::new('--max-inflight', '--max-inflight', [CompletionResultType]::ParameterName, 'Send at most so many messages of QoS 1 and 2 that are not yet acknowledged, 1 to 65535')
            [CompletionResult]::new('--max-packet-size', '--max-packet-size', [CompletionResultType]::ParameterName, 'Take no packet from the broker that is larger, in bytes behind its length, 1 to 268435455')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Colour help, messages and --debug lines: auto (on a terminal, unless the environment says otherwise), always or never')
            [CompletionResult]::new('-L', '-L ', [CompletionResultType]::ParameterName, 'Take broker, credentials and topic from a URL: mqtt://USER:PASSWORD@HOST:PORT/TOPIC, also mqtts, ws, wss')
            [CompletionResult]::new('--url', '--url', [CompletionResultType]::ParameterName, 'Take broker, credentials and topic from a URL: mqtt://USER:PASSWORD@HOST:PORT/TOPIC, also mqtts, ws, wss')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Read options from FILE, one per line, instead of the user''s own file')
            [CompletionResult]::new('--options-file', '--options-file', [CompletionResultType]::ParameterName, 'Read options from FILE, one per line, instead of the user''s own file')
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'Read also, of the options file, the lines behind NAME in brackets, up to the next such name')
            [CompletionResult]::new('-s', '-s', [CompletionResultType]::ParameterName, 'Publish all of stdin as one message')
            [CompletionResult]::new('--stdin-file', '--stdin-file', [CompletionResultType]::ParameterName, 'Publish all of stdin as one message')
            [CompletionResult]::new('-l', '-l', [CompletionResultType]::ParameterName, 'Publish each line of stdin as a message')
            [CompletionResult]::new('--stdin-line', '--stdin-line', [CompletionResultType]::ParameterName, 'Publish each line of stdin as a message')
            [CompletionResult]::new('--json-lines', '--json-lines', [CompletionResultType]::ParameterName, 'Publish each line of stdin as the message that it describes, in JSON as mqtt-sub --json writes it: topic, QoS, retain, properties and payload')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'Publish an empty payload')
            [CompletionResult]::new('--null-message', '--null-message', [CompletionResultType]::ParameterName, 'Publish an empty payload')
            [CompletionResult]::new('-r', '-r', [CompletionResultType]::ParameterName, 'Have the broker keep the message for later subscribers')
            [CompletionResult]::new('--retain', '--retain', [CompletionResultType]::ParameterName, 'Have the broker keep the message for later subscribers')
            [CompletionResult]::new('--require-subscriber', '--require-subscriber', [CompletionResultType]::ParameterName, 'Take it for a failure, status 16, that nobody has subscribed to a message')
            [CompletionResult]::new('--latency', '--latency', [CompletionResultType]::ParameterName, 'Print on stderr how long the answer took, as in ''latency: 1.234 ms''')
            [CompletionResult]::new('-S', '-S ', [CompletionResultType]::ParameterName, 'Find brokers by the SRV records of --host')
            [CompletionResult]::new('--srv', '--srv', [CompletionResultType]::ParameterName, 'Find brokers by the SRV records of --host')
            [CompletionResult]::new('--nodelay', '--nodelay', [CompletionResultType]::ParameterName, 'Send small packets at once, as is always done')
            [CompletionResult]::new('--ws', '--ws', [CompletionResultType]::ParameterName, 'Speak MQTT over WebSocket')
            [CompletionResult]::new('--tls-use-os-certs', '--tls-use-os-certs', [CompletionResultType]::ParameterName, 'Use TLS and believe the operating system''s authorities')
            [CompletionResult]::new('--insecure', '--insecure', [CompletionResultType]::ParameterName, 'Do not look at the broker''s certificate: anyone can pretend to be the broker')
            [CompletionResult]::new('--no-tls', '--no-tls', [CompletionResultType]::ParameterName, 'Use no TLS, whatever the other options say')
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'Keep the session at the broker when this client leaves')
            [CompletionResult]::new('--disable-clean-session', '--disable-clean-session', [CompletionResultType]::ParameterName, 'Keep the session at the broker when this client leaves')
            [CompletionResult]::new('--will-retain', '--will-retain', [CompletionResultType]::ParameterName, 'Have the broker keep the will for later subscribers')
            [CompletionResult]::new('--no-reconnect', '--no-reconnect', [CompletionResultType]::ParameterName, 'Leave when the connection is lost')
            [CompletionResult]::new('-d', '-d', [CompletionResultType]::ParameterName, 'Print every packet that is sent and received')
            [CompletionResult]::new('--debug', '--debug', [CompletionResultType]::ParameterName, 'Print every packet that is sent and received')
            [CompletionResult]::new('--stats', '--stats', [CompletionResultType]::ParameterName, 'Print at the end, on stderr, how many messages and bytes of payload went through, and in what time')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print no warnings and errors while running')
            [CompletionResult]::new('--show-config', '--show-config', [CompletionResultType]::ParameterName, 'Print every setting in force and where it comes from, and do nothing else')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print this help')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print the version')
            break
        }
    })

    $completions.Where{ $_.CompletionText -like "$wordToComplete*" } |
        Sort-Object -Property ListItemText
}
