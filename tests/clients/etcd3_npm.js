// Uses npm's etcd3 (gRPC) against a server: npm install etcd3 in a folder of its own, then
// NODE_PATH=that/node_modules node etcd3_npm.js HOST:PORT
const { Etcd3 } = require('etcd3');
const assert = require('assert');
(async () => {
  const c = new Etcd3({ hosts: `http://${process.argv[2]}` });
  const p = c.namespace('npm/');
  await p.put('a').value('1'); assert.equal(await p.get('a').string(), '1');
  assert.deepEqual(await p.getAll().strings(), { a: '1' });
  const r = await p.if('a', 'Value', '==', '1').then(p.put('b').value('2')).else(p.put('c').value('3')).commit(); assert(r.succeeded);
  const w = await p.watch().prefix('w').create(); const seen = []; w.on('put', kv => seen.push(kv.key.toString()));
  for (let i = 0; i < 20; i++) await p.put('w' + i).value('x');
  while (seen.length < 20) await new Promise(f => setTimeout(f, 20)); assert.equal(seen.length, 20); await w.cancel();
  const l = c.lease(10); await l.put('leased').value('v'); assert(await l.grant()); await l.keepaliveOnce(); await l.revoke(); assert.equal(await c.get('leased').string(), null);
  await c.lock('m').ttl(5).do(async () => { await assert.rejects(c.lock('m').ttl(5).acquire()); });
  const e = c.election('el'); const camp = e.campaign('me'); await new Promise(f => camp.on('elected', f)); assert.equal(await e.leader(), 'me'); await camp.resign();
  console.log((await c.maintenance.status()).version, (await c.cluster.memberList({})).members.length);
  await assert.rejects(c.kv.put({ key: '', value: '' }), /key is not provided/);
  await p.delete().all(); c.close(); console.log('npm etcd3 ok');
  process.exit(0);
})().catch(e => { console.error(e); process.exit(1); });
