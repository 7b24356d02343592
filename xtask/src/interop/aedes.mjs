// aedes behind three listeners: node server.mjs TCP TLS WEBSOCKET CERTIFICATE KEY
import { readFileSync } from 'node:fs'
import http from 'node:http'
import net from 'node:net'
import tls from 'node:tls'
import { Aedes } from 'aedes'
import { WebSocketServer, createWebSocketStream } from 'ws'

const [tcpPort, tlsPort, webSocketPort, certificate, key] = process.argv.slice(2)
const broker = await Aedes.createBroker()

net.createServer(broker.handle).listen(tcpPort, '127.0.0.1')

const identity = { cert: readFileSync(certificate), key: readFileSync(key) }
tls.createServer(identity, broker.handle).listen(tlsPort, '127.0.0.1')

const web = http.createServer()
const sockets = new WebSocketServer({ server: web, handleProtocols: () => 'mqtt' })
sockets.on('connection', (socket, request) => {
  broker.handle(createWebSocketStream(socket), request)
})
web.listen(webSocketPort, '127.0.0.1')
