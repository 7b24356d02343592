complete -c mqtt-pub -s t -l topic -d 'Publish to TOPIC' -r -f
complete -c mqtt-pub -l also-topic -d 'Publish each message to this topic as well' -r -f
complete -c mqtt-pub -s m -l message -d 'Publish TEXT' -r -f
complete -c mqtt-pub -s f -l file -d 'Publish the content of FILE' -r -F
complete -c mqtt-pub -l encoding -d 'Publish the bytes that -m, -f, -s or each line of -l spells in hex or base64' -r -f -a "hex\t''
base64\t''"
complete -c mqtt-pub -l line-format -d 'Take each line of --stdin-line apart: %t is its topic, %p its payload, and the text between them parts them, as in \'%t %p\'' -r -f
complete -c mqtt-pub -l replay -d 'Publish the lines of FILE like --json-lines, as far apart as the messages came' -r -F
complete -c mqtt-pub -l speed -d 'Make --replay so many times as fast: 2x is twice as fast, 0.5x half, from 0.001 to 1000000' -r -f
complete -c mqtt-pub -l save-unsent -d 'Add lines that do not get through to FILE, which is made if it is not there, with those that can still be read within 2 seconds' -r -F
complete -c mqtt-pub -s q -l qos -d 'Publish with this quality of service: 0, 1 or 2' -r -f -a "0\t''
1\t''
2\t''"
complete -c mqtt-pub -l repeat -d 'Publish the message so many times, 1 to 4294967295' -r -f
complete -c mqtt-pub -l repeat-delay -d 'Pause so many seconds between two of them, 0 to 1000000000, with decimals if wanted' -r -f
complete -c mqtt-pub -l wait-response -d 'Print the payload of the answer to one message, which is waited for on TOPIC' -r -f
complete -c mqtt-pub -s h -l host -d 'Connect to this host, by name or address' -r -f -a "(__fish_print_hostnames)"
complete -c mqtt-pub -s p -l port -d 'Connect to this port, 1 to 65535 (0: --host is the path of a unix socket)' -r -f
complete -c mqtt-pub -l unix -d 'Connect to the unix socket PATH' -r -F
complete -c mqtt-pub -l dns-server -d 'Ask this server for addresses and SRV records, ADDRESS or ADDRESS:PORT (53), instead of the system\'s' -r -f
complete -c mqtt-pub -s A -l bind-address -d 'Connect from this name or address of this machine' -r -f
complete -c mqtt-pub -l ws-path -d 'Ask for PATH over WebSocket' -r -f
complete -c mqtt-pub -l ws-header -d 'Send this header when WebSocket begins, as \'NAME: VALUE\'' -r -f
complete -c mqtt-pub -l proxy -d 'Connect through a proxy: socks5h://[USER[:PASSWORD]@]HOST[:PORT], socks5:// or http://' -r -f
complete -c mqtt-pub -l cafile -d 'Use TLS and believe the authorities in FILE (PEM)' -r -F
complete -c mqtt-pub -l capath -d 'Use TLS and believe the authorities in the files of FOLDER (PEM)' -r -f -a "(__fish_complete_directories)"
complete -c mqtt-pub -l cert -d 'Use TLS and show the broker the certificate in FILE (PEM)' -r -F
complete -c mqtt-pub -l key -d 'Use the key of --cert in FILE (PEM)' -r -F
complete -c mqtt-pub -l key-password-file -d 'Take the passphrase of --key from the first line of FILE' -r -F
complete -c mqtt-pub -l keyform -d 'Read --key in this form: pem [default: pem]' -r -f -a "pem\t''"
complete -c mqtt-pub -l tls-version -d 'Use this version of TLS or a later one: tlsv1.2 (and newer) or tlsv1.3 [default: tlsv1.2]' -r -f -a "tlsv1.2\t''
tlsv1.3\t''"
complete -c mqtt-pub -l ciphers -d 'Allow these cipher suites, by name, with colons between them' -r -f
complete -c mqtt-pub -l tls-alpn -d 'Offer this protocol (ALPN), 1 to 255 bytes' -r -f
complete -c mqtt-pub -l psk -d 'Use TLS with this key that the broker has, too: hexadecimal digits' -r -f
complete -c mqtt-pub -l psk-identity -d 'Say with this text which key --psk is, 1 to 255 bytes' -r -f
complete -c mqtt-pub -l tls-keylog -d 'Write the keys of each connection to FILE, for tools that look into it' -r -F
complete -c mqtt-pub -s i -l id -d 'Use this client identifier' -r -f
complete -c mqtt-pub -s I -l id-prefix -d 'Use PREFIX and the process id as client identifier' -r -f
complete -c mqtt-pub -s V -l protocol-version -d 'Speak this version of MQTT: mqttv31 (31), mqttv311 (311) or mqttv5 (5)' -r -f -a "mqttv31\t''
31\t''
mqttv311\t''
311\t''
mqttv5\t''
5\t''"
complete -c mqtt-pub -s x -l session-expiry -d 'Have the broker keep the session so many seconds after this client has left (MQTT 5), 0 to 4294967294' -r -f
complete -c mqtt-pub -s D -l property -d 'Give a packet a property' -r -f -a "connect\t''
will\t''
publish\t''
subscribe\t''
unsubscribe\t''
disconnect\t''"
complete -c mqtt-pub -l will-topic -d 'Have the broker publish a will to TOPIC if the connection is lost' -r -f
complete -c mqtt-pub -l will-payload -d 'Give the will this payload, at most 65535 bytes' -r -f
complete -c mqtt-pub -l will-qos -d 'Publish the will with this quality of service: 0, 1 or 2' -r -f -a "0\t''
1\t''
2\t''"
complete -c mqtt-pub -s u -l username -d 'Log in as this user' -r -f
complete -c mqtt-pub -s P -l pw -l password -d 'Log in with this password' -r -f
complete -c mqtt-pub -l password-file -d 'Take the password from the first line of FILE, or of stdin (-)' -r -F
complete -c mqtt-pub -l password-command -d 'Take the password from the first line that COMMAND prints' -r -f
complete -c mqtt-pub -s k -l keepalive -d 'Test the connection after so many seconds without traffic, 5 to 65535' -r -f
complete -c mqtt-pub -l connect-timeout -d 'Give up connecting after so many seconds, from the look-up of the name to the broker\'s answer' -r -f
complete -c mqtt-pub -l retry -d 'Try again so often where the broker cannot be reached, at first or later, 0 to 4294967295 or "forever"' -r -f
complete -c mqtt-pub -s W -l timeout -d 'Leave after so many seconds, with status 27 if there was more to do' -r -f
complete -c mqtt-pub -s M -l max-inflight -d 'Send at most so many messages of QoS 1 and 2 that are not yet acknowledged, 1 to 65535' -r -f
complete -c mqtt-pub -l max-packet-size -d 'Take no packet from the broker that is larger, in bytes behind its length, 1 to 268435455' -r -f
complete -c mqtt-pub -l color -d 'Colour help, messages and --debug lines: auto (on a terminal, unless the environment says otherwise), always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c mqtt-pub -s L -l url -d 'Take broker, credentials and topic from a URL: mqtt://USER:PASSWORD@HOST:PORT/TOPIC, also mqtts, ws, wss' -r -f
complete -c mqtt-pub -s o -l options-file -d 'Read options from FILE, one per line, instead of the user\'s own file' -r -F
complete -c mqtt-pub -l profile -d 'Read also, of the options file, the lines behind NAME in brackets, up to the next such name' -r -f
complete -c mqtt-pub -s s -l stdin-file -d 'Publish all of stdin as one message'
complete -c mqtt-pub -s l -l stdin-line -d 'Publish each line of stdin as a message'
complete -c mqtt-pub -l json-lines -d 'Publish each line of stdin as the message that it describes, in JSON as mqtt-sub --json writes it: topic, QoS, retain, properties and payload'
complete -c mqtt-pub -s n -l null-message -d 'Publish an empty payload'
complete -c mqtt-pub -s r -l retain -d 'Have the broker keep the message for later subscribers'
complete -c mqtt-pub -l require-subscriber -d 'Take it for a failure, status 16, that nobody has subscribed to a message'
complete -c mqtt-pub -l latency -d 'Print on stderr how long the answer took, as in \'latency: 1.234 ms\''
complete -c mqtt-pub -s S -l srv -d 'Find brokers by the SRV records of --host'
complete -c mqtt-pub -l nodelay -d 'Send small packets at once, as is always done'
complete -c mqtt-pub -l ws -d 'Speak MQTT over WebSocket'
complete -c mqtt-pub -l tls-use-os-certs -d 'Use TLS and believe the operating system\'s authorities'
complete -c mqtt-pub -l insecure -d 'Do not look at the broker\'s certificate: anyone can pretend to be the broker'
complete -c mqtt-pub -l no-tls -d 'Use no TLS, whatever the other options say'
complete -c mqtt-pub -s c -l disable-clean-session -d 'Keep the session at the broker when this client leaves'
complete -c mqtt-pub -l will-retain -d 'Have the broker keep the will for later subscribers'
complete -c mqtt-pub -l no-reconnect -d 'Leave when the connection is lost'
complete -c mqtt-pub -s d -l debug -d 'Print every packet that is sent and received'
complete -c mqtt-pub -l stats -d 'Print at the end, on stderr, how many messages and bytes of payload went through, and in what time'
complete -c mqtt-pub -l quiet -d 'Print no warnings and errors while running'
complete -c mqtt-pub -l show-config -d 'Print every setting in force and where it comes from, and do nothing else'
complete -c mqtt-pub -l help -d 'Print this help'
complete -c mqtt-pub -l version -d 'Print the version'
complete -c mosquitto_pub -w mqtt-pub
