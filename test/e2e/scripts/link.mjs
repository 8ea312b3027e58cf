// A slow link before an address, as a proxy of TCP. Chromium's own emulation of one now and then keeps for ever what the
// server has answered.
import net from 'node:net'

// slow opens a link to an address: round trip in ms, bytes a second down and up, shared by all connections. Opening a
// connection costs a round trip.
export async function slow(address, { roundTrip, down, up }) {
  const to = new URL(address), sockets = new Set()
  const wires = { up: wire(up, roundTrip / 2), down: wire(down, roundTrip / 2) }
  const server = net.createServer(client => {
    const upstream = net.connect(Number(to.port), to.hostname)
    for (const s of [client, upstream]) {
      sockets.add(s)
      s.on('error', () => { client.destroy(); upstream.destroy() })
      s.on('close', () => sockets.delete(s))
    }
    carry(client, upstream, wires.up, performance.now() + roundTrip)
    carry(upstream, client, wires.down, 0)
  })
  await new Promise(listening => server.listen(0, '127.0.0.1', listening))
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    close: () => { server.close(); for (const s of sockets) s.destroy() },
  }
}

// wire says when n bytes that are sent at a time are at the other end, behind what is under way.
function wire(bytesPerSecond, delay) {
  let free = 0
  return (n, sent) => {
    free = Math.max(free, sent) + n / bytesPerSecond * 1000
    return free + delay
  }
}

const segment = 1460 // bytes: what is long comes bit by bit

// carry brings what comes from one socket to another, in order, not before the connection is open.
function carry(from, to, arrives, open) {
  const way = []
  const deliver = () => {
    while (way.length && way[0].at <= performance.now()) way.shift().act()
    if (way.length) setTimeout(deliver, way[0].at - performance.now())
  }
  const send = (n, act) => {
    way.push({ at: arrives(n, Math.max(performance.now(), open)), act: () => { if (!to.destroyed) act() } })
    if (way.length === 1) deliver()
  }
  from.on('data', all => {
    for (let at = 0; at < all.length; at += segment) {
      const part = all.subarray(at, at + segment)
      send(part.length, () => to.write(part))
    }
  })
  from.on('end', () => send(0, () => to.end()))
}
