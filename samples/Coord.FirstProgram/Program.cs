// A service with a consistent store inside: one node, its data in a directory, nothing else to run.
using Coord.Kv;
using Coord.Kv.Coordination;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

string directory = args.Length > 0 ? args[0] : Directory.CreateTempSubdirectory("coord-first-program-").FullName;

#region first
HostApplicationBuilder builder = Host.CreateApplicationBuilder(args);
builder.Services.AddCoord(o => o.DataDirectory = directory).AddKeyValueStore();
using IHost host = builder.Build();
await host.StartAsync();

IKeyValueStore store = host.Services.GetRequiredService<IKeyValueStore>();
PutResult put = await store.PutAsync("greeting", "hello");
KeyValue? greeting = await store.GetAsync("greeting");
Console.WriteLine($"{greeting?.KeyString} = {greeting?.ValueString}, revision {put.Revision}");
#endregion

#region watch
// Everything from that put on: changes in order, each once, none left out.
await foreach (WatchBatch batch in store.WatchPrefixAsync("", new() { StartRevision = put.Revision }))
{
    foreach (WatchEvent change in batch.Events)
        Console.WriteLine($"{change.Revision} {change.Kind} {change.KeyValue.KeyString}");
    break;
}
#endregion

#region lock
// One at a time among all processes. What it writes happens while it is held, or not at all.
await using (CoordinationSession session = await CoordinationSession.CreateAsync(store))
await using (CoordinationHandle held = await new DistributedLock(session, "locks/report").AcquireAsync())
{
    Operation write = Operation.Put("report"u8.ToArray(), "done"u8.ToArray());
    TransactionResult written = await store.CommitAsync(Transaction.If(held.Held).Then(write));
    Console.WriteLine($"{held.Key} with token {held.FencingToken}: {written.Succeeded}");
}
#endregion

await host.StopAsync();
