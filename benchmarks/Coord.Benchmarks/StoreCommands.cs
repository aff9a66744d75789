using System.Buffers;
using System.Buffers.Binary;
using System.Diagnostics;
using Coord.Kv;
using Coord.Kv.Commands;
using Coord.Raft;

namespace Coord.Benchmarks;

/// <summary>Puts of 8 and 256 bytes, as they come out of the log; one object for all of them.</summary>
internal sealed class StoreCommands
{
    private readonly byte[] _key = new byte[8];
    private readonly byte[] _put;
    private readonly int _keyOffset;

    public StoreCommands(long retainedRevisions)
    {
        ArrayBufferWriter<byte> bytes = new();
        Array.Fill(_key, (byte)0xff);
        CommandCodec.Write(bytes, Command.Put(_key, new byte[256], PutFlags.None, new(0, retainedRevisions)));
        _put = bytes.WrittenSpan.ToArray();
        _keyOffset = _put.AsSpan().IndexOf(_key);
        Debug.Assert(_keyOffset > 0, "The command has its key.");
    }

    /// <summary>Spreads numbers over all keys; no two become the same.</summary>
    public static long Spread(long number)
    {
        ulong x = (ulong)number;
        x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
        x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
        return (long)(x ^ (x >> 31));
    }

    public ReadOnlyMemory<byte> Key(long key)
    {
        BinaryPrimitives.WriteInt64BigEndian(_key, key);
        return _key;
    }

    public void Put(KeyValueStateMachine machine, long key)
    {
        BinaryPrimitives.WriteInt64BigEndian(_put.AsSpan(_keyOffset), key);
        machine.Apply(new AppliedCommand(EntryId.Zero, _put));
    }
}
