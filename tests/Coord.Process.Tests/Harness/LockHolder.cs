using Coord.Client;
using Coord.Kv;
using Coord.Kv.Coordination;

namespace Coord.Process.Tests.Harness;

/// <summary>A process of its own that holds a lock, and writes when it is told to.</summary>
/// <remarks>
/// Arguments: a name for the lock, then endpoints. Each line of its input it writes under the lock's token, whatever it
/// believes, and says what it believed and what became of it.
/// </remarks>
internal static class LockHolder
{
    public static readonly CoordinationSessionOptions Session = new() { TimeToLive = TimeSpan.FromSeconds(3) };

    public static async Task<int> RunAsync(string[] args)
    {
        await using CoordClient client = new(args[1..]);
        await using CoordinationSession session = await CoordinationSession.CreateAsync(client, Session);
        await using CoordinationHandle held = await new DistributedLock(session, args[0]).AcquireAsync();
        Console.WriteLine($"holds {held.FencingToken.Value}");
        while (await Console.In.ReadLineAsync() is { } value)
        {
            // It looks at the clock: a pause delays timers, this one not.
            bool isLost = held.IsLost;
            bool written = await WriteAsync(client, held, value);
            Console.WriteLine($"{value}: lost {isLost}, written {written}");
        }

        return 0;
    }

    /// <summary>Writes a value and who wrote it, if the lock is held at that very revision.</summary>
    public static async Task<bool> WriteAsync(IKeyValueStore store, CoordinationHandle held, string value)
    {
        byte[] text = System.Text.Encoding.UTF8.GetBytes($"{value} {held.FencingToken.Value}");
        TransactionResult written = await store.CommitAsync(
            Transaction.If(held.Held).Then(Operation.Put("protected"u8.ToArray(), text)));
        return written.Succeeded;
    }
}
