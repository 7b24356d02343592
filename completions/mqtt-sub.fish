complete -c mqtt-sub -s t -l topic -d 'Subscribe to this topic filter' -r -f
complete -c mqtt-sub -s q -l qos -d 'Receive with this quality of service at most: 0, 1 or 2' -r -f -a "0\t''
1\t''
2\t''"
complete -c mqtt-sub -l filter-qos -d 'Subscribe to FILTER with a quality of service of its own, which stands behind the last =' -r -f
complete -c mqtt-sub -s U -l unsubscribe -d 'Unsubscribe from this topic filter' -r -f
complete -c mqtt-sub -s T -l filter-out -d 'Leave out messages whose topic matches' -r -f
complete -c mqtt-sub -l retain-handling -d 'Have the broker send retained messages: always, new (if it did not have the subscription) or never' -r -f -a "always\t''
new\t''
never\t''"
complete -c mqtt-sub -s C -l count -d 'Leave after so many messages, 1 to 4294967295' -r -f
complete -c mqtt-sub -l idle-exit -d 'Leave with status 0 when no message has come for so long since the subscription was answered: a number and ms, s, m or h (s where none stands), above 0, at most 1000000000s' -r -f
complete -c mqtt-sub -s F -l format -d 'Write messages like this' -r -f
complete -c mqtt-sub -l json -d 'Write all that a message carries as JSON, on a line that mqtt-pub --json-lines can publish again' -f -a "text\t''
payload\t''"
complete -c mqtt-sub -l output-dir -d 'Write messages into DIR instead of to stdout, into a file for each topic' -r -F
complete -c mqtt-sub -l output-mode -d 'Keep in the file of a topic: append (every message, one behind the other) or newest (the last message, put in place whole)' -r -f -a "append\t''
newest\t''"
complete -c mqtt-sub -l exec -d 'Run a program for each message, instead of writing it: the payload is its stdin, topic and the rest are variables, which stand below' -r -f
complete -c mqtt-sub -l exec-shell -d 'Do the same, but let /bin/sh read CMD' -r -f
complete -c mqtt-sub -l exec-jobs -d 'Run at most so many commands at once, 1 to 1000' -r -f
complete -c mqtt-sub -l exec-timeout -d 'End a command that runs for longer, and count it as failed: a number and ms, s, m or h (s where none stands), above 0, at most 1000000000s' -r -f
complete -c mqtt-sub -l exec-failure -d 'Do this when a command fails: continue (with a warning) or stop (leave with its status)' -r -f -a "continue\t''
stop\t''"
complete -c mqtt-sub -s h -l host -d 'Connect to this host, by name or address' -r -f -a "(__fish_print_hostnames)"
complete -c mqtt-sub -s p -l port -d 'Connect to this port, 1 to 65535 (0: --host is the path of a unix socket)' -r -f
complete -c mqtt-sub -l unix -d 'Connect to the unix socket PATH' -r -F
complete -c mqtt-sub -l dns-server -d 'Ask this server for addresses and SRV records, ADDRESS or ADDRESS:PORT (53), instead of the system\'s' -r -f
complete -c mqtt-sub -s A -l bind-address -d 'Connect from this name or address of this machine' -r -f
complete -c mqtt-sub -l ws-path -d 'Ask for PATH over WebSocket' -r -f
complete -c mqtt-sub -l ws-header -d 'Send this header when WebSocket begins, as \'NAME: VALUE\'' -r -f
complete -c mqtt-sub -l proxy -d 'Connect through a proxy: socks5h://[USER[:PASSWORD]@]HOST[:PORT], socks5:// or http://' -r -f
complete -c mqtt-sub -l cafile -d 'Use TLS and believe the authorities in FILE (PEM)' -r -F
complete -c mqtt-sub -l capath -d 'Use TLS and believe the authorities in the files of FOLDER (PEM)' -r -f -a "(__fish_complete_directories)"
complete -c mqtt-sub -l cert -d 'Use TLS and show the broker the certificate in FILE (PEM)' -r -F
complete -c mqtt-sub -l key -d 'Use the key of --cert in FILE (PEM)' -r -F
complete -c mqtt-sub -l key-password-file -d 'Take the passphrase of --key from the first line of FILE' -r -F
complete -c mqtt-sub -l keyform -d 'Read --key in this form: pem [default: pem]' -r -f -a "pem\t''"
complete -c mqtt-sub -l tls-version -d 'Use this version of TLS or a later one: tlsv1.2 (and newer) or tlsv1.3 [default: tlsv1.2]' -r -f -a "tlsv1.2\t''
tlsv1.3\t''"
complete -c mqtt-sub -l ciphers -d 'Allow these cipher suites, by name, with colons between them' -r -f
complete -c mqtt-sub -l tls-alpn -d 'Offer this protocol (ALPN), 1 to 255 bytes' -r -f
complete -c mqtt-sub -l psk -d 'Use TLS with this key that the broker has, too: hexadecimal digits' -r -f
complete -c mqtt-sub -l psk-identity -d 'Say with this text which key --psk is, 1 to 255 bytes' -r -f
complete -c mqtt-sub -l tls-keylog -d 'Write the keys of each connection to FILE, for tools that look into it' -r -F
complete -c mqtt-sub -s i -l id -d 'Use this client identifier' -r -f
complete -c mqtt-sub -s I -l id-prefix -d 'Use PREFIX and the process id as client identifier' -r -f
complete -c mqtt-sub -s V -l protocol-version -d 'Speak this version of MQTT: mqttv31 (31), mqttv311 (311) or mqttv5 (5)' -r -f -a "mqttv31\t''
31\t''
mqttv311\t''
311\t''
mqttv5\t''
5\t''"
complete -c mqtt-sub -s x -l session-expiry -d 'Have the broker keep the session so many seconds after this client has left (MQTT 5), 0 to 4294967294' -r -f
complete -c mqtt-sub -s D -l property -d 'Give a packet a property' -r -f -a "connect\t''
will\t''
publish\t''
subscribe\t''
unsubscribe\t''
disconnect\t''"
complete -c mqtt-sub -l will-topic -d 'Have the broker publish a will to TOPIC if the connection is lost' -r -f
complete -c mqtt-sub -l will-payload -d 'Give the will this payload, at most 65535 bytes' -r -f
complete -c mqtt-sub -l will-qos -d 'Publish the will with this quality of service: 0, 1 or 2' -r -f -a "0\t''
1\t''
2\t''"
complete -c mqtt-sub -s u -l username -d 'Log in as this user' -r -f
complete -c mqtt-sub -s P -l pw -l password -d 'Log in with this password' -r -f
complete -c mqtt-sub -l password-file -d 'Take the password from the first line of FILE, or of stdin (-)' -r -F
complete -c mqtt-sub -l password-command -d 'Take the password from the first line that COMMAND prints' -r -f
complete -c mqtt-sub -s k -l keepalive -d 'Test the connection after so many seconds without traffic, 5 to 65535' -r -f
complete -c mqtt-sub -l connect-timeout -d 'Give up connecting after so many seconds, from the look-up of the name to the broker\'s answer' -r -f
complete -c mqtt-sub -l retry -d 'Try again so often where the broker cannot be reached, at first or later, 0 to 4294967295 or "forever"' -r -f
complete -c mqtt-sub -s W -l timeout -d 'Leave after so many seconds, with status 27 if there was more to do' -r -f
complete -c mqtt-sub -s M -l max-inflight -d 'Send at most so many messages of QoS 1 and 2 that are not yet acknowledged, 1 to 65535' -r -f
complete -c mqtt-sub -l max-packet-size -d 'Take no packet from the broker that is larger, in bytes behind its length, 1 to 268435455' -r -f
complete -c mqtt-sub -l color -d 'Colour help, messages and --debug lines: auto (on a terminal, unless the environment says otherwise), always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c mqtt-sub -s L -l url -d 'Take broker, credentials and topic from a URL: mqtt://USER:PASSWORD@HOST:PORT/TOPIC, also mqtts, ws, wss' -r -f
complete -c mqtt-sub -s o -l options-file -d 'Read options from FILE, one per line, instead of the user\'s own file' -r -F
complete -c mqtt-sub -l profile -d 'Read also, of the options file, the lines behind NAME in brackets, up to the next such name' -r -f
complete -c mqtt-sub -l random-filter -d 'Show each message with a chance of PERCENT, 0.1 to 100.0' -r -f
complete -c mqtt-sub -s R -l no-retained -d 'Leave out messages that the broker had retained'
complete -c mqtt-sub -l retained-only -d 'Show only messages that the broker had retained, and leave when they have all come'
complete -c mqtt-sub -l remove-retained -d 'Remove the retained messages that come from the broker, also those that -R does not show'
complete -c mqtt-sub -l changes-only -d 'Show a message only where its payload is another one than that of the last message shown on its topic'
complete -c mqtt-sub -l retain-as-published -d 'Have messages keep the retain flag they were published with'
complete -c mqtt-sub -s E -l exit-after-suback -d 'Leave when the broker has answered the subscription'
complete -c mqtt-sub -s v -l verbose -d 'Write the topic in front of the payload'
complete -c mqtt-sub -l pretty -d 'Write the JSON of %j and %J on several lines, indented'
complete -c mqtt-sub -l raw -d 'Write control characters in topics and payloads to a terminal, which obeys them'
complete -c mqtt-sub -s w -l watch -d 'Write the latest message of each topic, in a row of its own on the terminal'
complete -c mqtt-sub -l message-rate -d 'Write how many messages come, every second, instead of the messages'
complete -c mqtt-sub -s N -l no-newline -d 'Write no newline after a message'
complete -c mqtt-sub -l ack-on-success -d 'Acknowledge a message of QoS 1 or 2 only if its command has succeeded'
complete -c mqtt-sub -s S -l srv -d 'Find brokers by the SRV records of --host'
complete -c mqtt-sub -l nodelay -d 'Send small packets at once, as is always done'
complete -c mqtt-sub -l ws -d 'Speak MQTT over WebSocket'
complete -c mqtt-sub -l tls-use-os-certs -d 'Use TLS and believe the operating system\'s authorities'
complete -c mqtt-sub -l insecure -d 'Do not look at the broker\'s certificate: anyone can pretend to be the broker'
complete -c mqtt-sub -l no-tls -d 'Use no TLS, whatever the other options say'
complete -c mqtt-sub -s c -l disable-clean-session -d 'Keep the session at the broker when this client leaves'
complete -c mqtt-sub -l will-retain -d 'Have the broker keep the will for later subscribers'
complete -c mqtt-sub -l no-reconnect -d 'Leave when the connection is lost'
complete -c mqtt-sub -s d -l debug -d 'Print every packet that is sent and received'
complete -c mqtt-sub -l stats -d 'Print at the end, on stderr, how many messages and bytes of payload went through, and in what time'
complete -c mqtt-sub -l quiet -d 'Print no warnings and errors while running'
complete -c mqtt-sub -l show-config -d 'Print every setting in force and where it comes from, and do nothing else'
complete -c mqtt-sub -l help -d 'Print this help'
complete -c mqtt-sub -l version -d 'Print the version'
complete -c mosquitto_sub -w mqtt-sub
