// Exercises npm's etcd3 package, unchanged, against the endpoint given as the argument. Prints "ok" and exits with 0,
// or says what failed and exits with 1.
'use strict';

const assert = require('node:assert/strict');
const { once } = require('node:events');
const { Etcd3, EtcdLeaseInvalidError, EtcdLockFailedError } = require('etcd3');

async function keys(client) {
  await client.put('k/1').value('one');
  await client.put('k/2').value('two');
  assert.equal(await client.get('k/1').string(), 'one');
  assert.equal(await client.get('missing').string(), null);
  assert.deepEqual(await client.getAll().prefix('k/').strings(), { 'k/1': 'one', 'k/2': 'two' });
  assert.deepEqual(await client.getAll().prefix('k/').sort('Key', 'Descend').limit(1).keys(), ['k/2']);
  assert.equal(await client.getAll().prefix('k/').count(), 2);
  assert.equal((await client.put('k/1').value('uno').getPrevious()).value.toString(), 'one');
  await client.put('k/1').touch();
  assert.equal(await client.get('k/1').string(), 'uno');
  assert.equal((await client.delete().prefix('k/').exec()).deleted, '2');
  const inside = client.namespace('n/');
  await inside.put('x').value('y');
  assert.equal(await client.get('n/x').string(), 'y');
}

async function transactions(client) {
  const create = () =>
    client.if('t', 'Create', '==', 0).then(client.put('t').value('a')).else(client.get('t')).commit();
  assert.equal((await create()).succeeded, true);
  const again = await create();
  assert.equal(again.succeeded, false);
  assert.equal(again.responses[0].response_range.kvs[0].value.toString(), 'a');
  await client.stm().transact(async tx => {
    await tx.put('t').value(`${await tx.get('t').string()}b`);
  });
  assert.equal(await client.get('t').string(), 'ab');
}

async function watches(client) {
  const watcher = await client.watch().prefix('w/').create();
  const seen = [];
  const all = new Promise(resolve => {
    watcher.on('put', change => seen.push(`put ${change.key} ${change.value}`));
    watcher.on('delete', change => {
      seen.push(`delete ${change.key}`);
      resolve();
    });
  });
  for (let i = 0; i < 10; i++) await client.put(`w/${i}`).value(i);
  await client.delete().key('w/3');
  await all;
  assert.deepEqual(seen, [...Array.from({ length: 10 }, (_, i) => `put w/${i} ${i}`), 'delete w/3']);
  await watcher.cancel();
}

async function leases(client) {
  const lease = client.lease(10, { autoKeepAlive: false });
  await lease.put('l/1').value('v');
  assert.equal((await lease.keepaliveOnce()).TTL, '10');
  await lease.revoke();
  assert.equal(await client.get('l/1').string(), null);
  await assert.rejects(lease.keepaliveOnce(), EtcdLeaseInvalidError);
}

async function coordination(client) {
  const lock = await client.lock('mutex').ttl(10).acquire();
  await assert.rejects(client.lock('mutex').ttl(10).acquire(), EtcdLockFailedError);
  await lock.release();
  await (await client.lock('mutex').ttl(10).acquire()).release();

  const election = client.election('e', 10);
  const campaign = election.campaign('me');
  await once(campaign, 'elected');
  assert.equal(await election.leader(), 'me');
  await campaign.resign();
}

async function main(endpoint) {
  const client = new Etcd3({ hosts: endpoint });
  for (const part of [keys, transactions, watches, leases, coordination]) await part(client);
  assert.ok((await client.maintenance.status()).version);
  assert.equal((await client.cluster.memberList({})).members.length >= 1, true);
  client.close();
  console.log('ok');
}

main(process.argv[2]).catch(error => {
  console.error(error);
  process.exit(1);
});
